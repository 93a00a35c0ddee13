"""Places: the states that the company serves, with their cities and their spellings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class State:
    """A state: how it is abbreviated today and was in print, and where in it patients live."""

    code: str
    name: str
    printed: str
    time_zone: str
    weight: float
    area_codes: tuple[str, ...]
    cities: tuple[tuple[str, str, str, float, float], ...]
    """City, county, ZIP, latitude, longitude."""


EASTERN, CENTRAL = "America/New_York", "America/Chicago"
MOUNTAIN, PACIFIC = "America/Denver", "America/Los_Angeles"

# fmt: off
STATES: tuple[State, ...] = (
    State("MA", "Massachusetts", "Mass.", EASTERN, 8, ("617", "508", "413"), (
        ("Boston", "Suffolk County", "02116", 42.3503, -71.0810),
        ("Worcester", "Worcester County", "01608", 42.2626, -71.8023),
        ("Springfield", "Hampden County", "01103", 42.1039, -72.5926))),
    State("NY", "New York", "N.Y.", EASTERN, 11, ("212", "718", "518"), (
        ("New York", "New York County", "10011", 40.7420, -74.0008),
        ("Brooklyn", "Kings County", "11215", 40.6670, -73.9830),
        ("Albany", "Albany County", "12207", 42.6526, -73.7562))),
    State("CA", "California", "Calif.", PACIFIC, 14, ("213", "415", "619"), (
        ("Los Angeles", "Los Angeles County", "90012", 34.0614, -118.2385),
        ("San Francisco", "San Francisco County", "94110", 37.7486, -122.4158),
        ("San Diego", "San Diego County", "92103", 32.7466, -117.1660))),
    State("TX", "Texas", "Tex.", CENTRAL, 11, ("512", "713", "214"), (
        ("Austin", "Travis County", "78704", 30.2428, -97.7658),
        ("Houston", "Harris County", "77007", 29.7742, -95.4026),
        ("Dallas", "Dallas County", "75206", 32.8310, -96.7693))),
    State("FL", "Florida", "Fla.", EASTERN, 9, ("305", "407", "813"), (
        ("Miami", "Miami-Dade County", "33130", 25.7683, -80.2042),
        ("Orlando", "Orange County", "32801", 28.5421, -81.3750),
        ("Tampa", "Hillsborough County", "33606", 27.9378, -82.4700))),
    State("WA", "Washington", "Wash.", PACIFIC, 5, ("206", "509"), (
        ("Seattle", "King County", "98109", 47.6338, -122.3476),
        ("Spokane", "Spokane County", "99201", 47.6662, -117.4365))),
    State("OR", "Oregon", "Ore.", PACIFIC, 3, ("503", "541"), (
        ("Portland", "Multnomah County", "97209", 45.5311, -122.6835),
        ("Eugene", "Lane County", "97401", 44.0682, -123.0819))),
    State("CO", "Colorado", "Colo.", MOUNTAIN, 4, ("303", "719"), (
        ("Denver", "Denver County", "80205", 39.7590, -104.9661),
        ("Colorado Springs", "El Paso County", "80903", 38.8388, -104.8145))),
    State("AZ", "Arizona", "Ariz.", "America/Phoenix", 4, ("602", "520"), (
        ("Phoenix", "Maricopa County", "85004", 33.4515, -112.0685),
        ("Tucson", "Pima County", "85701", 32.2169, -110.9706))),
    State("IL", "Illinois", "Ill.", CENTRAL, 5, ("312", "217"), (
        ("Chicago", "Cook County", "60614", 41.9227, -87.6533),
        ("Springfield", "Sangamon County", "62701", 39.8000, -89.6496))),
    State("MN", "Minnesota", "Minn.", CENTRAL, 3, ("612", "507"), (
        ("Minneapolis", "Hennepin County", "55408", 44.9466, -93.2862),
        ("Rochester", "Olmsted County", "55902", 44.0033, -92.4826))),
    State("MI", "Michigan", "Mich.", "America/Detroit", 4, ("313", "616"), (
        ("Detroit", "Wayne County", "48226", 42.3316, -83.0483),
        ("Grand Rapids", "Kent County", "49503", 42.9659, -85.6527))),
    State("OH", "Ohio", "O.", EASTERN, 4, ("614", "216"), (
        ("Columbus", "Franklin County", "43215", 39.9670, -83.0045),
        ("Cleveland", "Cuyahoga County", "44113", 41.4816, -81.7018))),
    State("PA", "Pennsylvania", "Penn.", EASTERN, 5, ("215", "412"), (
        ("Philadelphia", "Philadelphia County", "19107", 39.9515, -75.1587),
        ("Pittsburgh", "Allegheny County", "15222", 40.4477, -79.9932))),
    State("GA", "Georgia", "Ga.", EASTERN, 4, ("404", "912"), (
        ("Atlanta", "Fulton County", "30309", 33.7984, -84.3883),
        ("Savannah", "Chatham County", "31401", 32.0756, -81.0883))),
    State("NC", "North Carolina", "N.C.", EASTERN, 4, ("704", "919"), (
        ("Charlotte", "Mecklenburg County", "28202", 35.2271, -80.8431),
        ("Raleigh", "Wake County", "27601", 35.7740, -78.6336))),
    State("VA", "Virginia", "Va.", EASTERN, 3, ("804", "703"), (
        ("Richmond", "Richmond City", "23220", 37.5498, -77.4588),
        ("Arlington", "Arlington County", "22201", 38.8858, -77.0973))),
    State("NJ", "New Jersey", "N.J.", EASTERN, 4, ("201", "609"), (
        ("Jersey City", "Hudson County", "07302", 40.7212, -74.0467),
        ("Trenton", "Mercer County", "08608", 40.2204, -74.7643))),
    State("TN", "Tennessee", "Tenn.", CENTRAL, 3, ("615", "901"), (
        ("Nashville", "Davidson County", "37203", 36.1504, -86.7916),
        ("Memphis", "Shelby County", "38103", 35.1440, -90.0480))),
    State("CT", "Connecticut", "Conn.", EASTERN, 2, ("203", "860"), (
        ("New Haven", "New Haven County", "06511", 41.3184, -72.9318),
        ("Hartford", "Hartford County", "06103", 41.7670, -72.6740))),
)

STREETS: tuple[str, ...] = (
    "Maple Street", "Oak Avenue", "Cedar Lane", "Elm Street", "Washington Street", "Lake Road",
    "Hill Street", "Park Avenue", "Main Street", "Second Street", "Church Street", "River Road",
    "Prospect Avenue", "Sunset Drive", "Chestnut Street", "Highland Avenue", "Franklin Street",
    "Meadow Lane", "Walnut Street", "Spring Street", "Jackson Avenue", "College Street",
)
# fmt: on
