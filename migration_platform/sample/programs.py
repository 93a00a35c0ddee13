"""The company's programs, and what patients in each are treated for and asked about.

Codes are real (SNOMED CT, RxNorm, LOINC, CVX); the choice of them is small and invented.
"""

from __future__ import annotations

from dataclasses import dataclass

Coded = tuple[str, str]
"""A code and its description."""


@dataclass(frozen=True, slots=True)
class Medication:
    """A prescription: RxNorm code, description, directions, price in cents."""

    code: str
    description: str
    sig: str
    cents: int


@dataclass(frozen=True, slots=True)
class Measure:
    """An observation: LOINC code, unit, category, and the numbers or the words it may have."""

    code: str
    description: str
    units: str
    category: str
    low: float = 0.0
    high: float = 0.0
    digits: int = 1
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """A line of care, with the weight of its patients among all and the share of women."""

    name: str
    weight: float
    women: float
    conditions: tuple[Coded, ...]
    medications: tuple[Medication, ...]
    measures: tuple[Measure, ...]
    procedures: tuple[Coded, ...]
    care_plan: Coded
    specialty: str
    cents: int
    questions: tuple[tuple[str, tuple[str, ...]], ...]
    phrases: tuple[str, ...]


# fmt: off
WEIGHT = Measure("29463-7", "Body Weight", "kg", "vital-signs", 52, 138)
HEIGHT = Measure("8302-2", "Body Height", "cm", "vital-signs", 150, 195)
BMI = Measure("39156-5", "Body mass index (BMI) [Ratio]", "kg/m2", "vital-signs", 19, 44)
SYSTOLIC = Measure("8480-6", "Systolic Blood Pressure", "mm[Hg]", "vital-signs", 98, 164, 0)
DIASTOLIC = Measure("8462-4", "Diastolic Blood Pressure", "mm[Hg]", "vital-signs", 60, 102, 0)
PULSE = Measure("8867-4", "Heart rate", "/min", "vital-signs", 54, 104, 0)
A1C = Measure("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", "laboratory", 4.8, 8.4)
GLUCOSE = Measure("2339-0", "Glucose", "mg/dL", "laboratory", 72, 176, 0)
LDL = Measure("18262-6", "Low Density Lipoprotein Cholesterol", "mg/dL", "laboratory", 60, 190, 0)
TSH = Measure("3016-3", "Thyrotropin [Units/volume] in Serum", "m[IU]/L", "laboratory", 0.4, 5.2, 2)
POTASSIUM = Measure("2823-3", "Potassium [Moles/volume] in Serum", "mmol/L", "laboratory", 3.4, 5.3)
ALT = Measure("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum", "U/L",
              "laboratory", 9, 62, 0)
FERRITIN = Measure("2276-4", "Ferritin [Mass/volume] in Serum", "ng/mL", "laboratory", 12, 240, 0)
HCG = Measure("2106-3", "Choriogonadotropin (pregnancy test) [Presence] in Urine", "", "laboratory",
              words=("Negative",))
PHQ9 = Measure("44261-6", "Patient Health Questionnaire 9 item (PHQ-9) total score", "{score}",
               "survey", 0, 25, 0)
GAD7 = Measure("70274-6", "Generalized anxiety disorder 7 item (GAD-7) total score", "{score}",
               "survey", 0, 21, 0)
SMOKING = Measure("72166-2", "Tobacco smoking status", "", "social-history", words=(
    "Never smoked tobacco (finding)", "Ex-smoker (finding)", "Smokes tobacco daily (finding)"))

PROGRAMS: tuple[Program, ...] = (
    Program(
        "weight_management", 30, 0.68,
        (("162864005", "Body mass index 30+ - obesity (finding)"),
         ("714628002", "Prediabetes (finding)"), ("55822004", "Hyperlipidemia (disorder)"),
         ("59621000", "Essential hypertension (disorder)")),
        (Medication("1991302", "semaglutide 1.34 MG/ML Pen Injector [Ozempic]",
                    "Inject 0.5 mg under the skin once weekly", 93577),
         Medication("2601723", "tirzepatide 5 MG/ML Pen Injector [Mounjaro]",
                    "Inject 2.5 mg under the skin once weekly for 4 weeks", 102304),
         Medication("860975", "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet",
                    "Take 1 tablet by mouth daily with the evening meal", 1440),
         Medication("314076", "lisinopril 10 MG Oral Tablet", "Take 1 tablet by mouth daily", 960)),
        (WEIGHT, BMI, SYSTOLIC, A1C, GLUCOSE, LDL, ALT, SMOKING),
        (("430193006", "Medication reconciliation (procedure)"),
         ("410177006", "Special diet education (procedure)")),
        ("718361005", "Weight management program"), "ENDOCRINOLOGY", 14900,
        (("What is your current weight in pounds?", ("182", "205", "231", "264", "298")),
         ("What is your goal weight in pounds?", ("150", "165", "180", "200")),
         ("Have you or a relative had medullary thyroid cancer?", ("No", "Not sure", "Yes")),
         ("Which diets have you tried?", ("Keto; low carb", "Calorie counting", "None")),
         ("Do you take medication for diabetes?", ("No", "Yes, metformin"))),
        ("Reports gradual weight gain over several years despite diet and exercise.",
         "Tolerating the weekly injection; mild nausea for two days after the dose increase.",
         "Down 9 lb since the last visit and pleased with the progress.",
         "No personal or family history of medullary thyroid cancer or pancreatitis.",
         "Continue current dose; titrate in four weeks if tolerated. Labs ordered."),
    ),
    Program(
        "mental_health", 24, 0.62,
        (("370143000", "Major depressive disorder (disorder)"),
         ("21897009", "Generalized anxiety disorder (disorder)"),
         ("193462001", "Insomnia (disorder)"), ("73595000", "Stress (finding)")),
        (Medication("312938", "Sertraline 50 MG Oral Tablet",
                    "Take 1 tablet by mouth every morning", 1210),
         Medication("349332", "Escitalopram 10 MG Oral Tablet", "Take 1 tablet by mouth daily", 1325),
         Medication("993541", "Bupropion hydrochloride 150 MG 24 HR Extended Release Oral Tablet",
                    "Take 1 tablet by mouth every morning", 2270),
         Medication("856364", "trazodone hydrochloride 50 MG Oral Tablet",
                    "Take 1 tablet by mouth at bedtime as needed for sleep", 880)),
        (PHQ9, GAD7, PULSE, SYSTOLIC, WEIGHT, TSH, SMOKING),
        (("171207006", "Depression screening (procedure)"),
         ("228557008", "Cognitive and behavioral therapy (regime/therapy)")),
        ("385724006", "Psychosocial care"), "PSYCHIATRY", 9900,
        (("Over two weeks, how often have you felt down?",
          ("Not at all", "Several days", "More than half the days", "Nearly every day")),
         ("Do you have thoughts of harming yourself?", ("No", "Sometimes, no plan")),
         ("Have you taken medication for mood before?", ("No", "Yes, sertraline", "Yes, fluoxetine")),
         ("How many hours do you sleep?", ("4-5", "6", "7", "8 or more")),
         ("Who may we call in an emergency?", ("Spouse", "Parent", "Friend"))),
        ("Describes low mood, poor sleep and loss of interest since the spring.",
         "Mood improved since starting medication; the patient's sleep is still broken.",
         "Denies suicidal or homicidal ideation. Safety plan reviewed.",
         "Affect congruent, speech normal in rate and tone, thought process linear.",
         "Continue current dose, weekly therapy, repeat PHQ-9 in four weeks."),
    ),
    Program(
        "dermatology", 18, 0.58,
        (("88616000", "Acne vulgaris (disorder)"), ("398909004", "Rosacea (disorder)"),
         ("24079001", "Atopic dermatitis (disorder)"), ("9014002", "Psoriasis (disorder)")),
        (Medication("197518", "Clindamycin 10 MG/ML Topical Lotion",
                    "Apply a thin layer to the affected area twice daily", 3890),
         Medication("198223", "Tretinoin 0.25 MG/ML Topical Cream",
                    "Apply a pea-sized amount to the face at bedtime", 5460),
         Medication("1649988", "doxycycline hyclate 100 MG Oral Capsule",
                    "Take 1 capsule by mouth twice daily with food", 2140),
         Medication("1014314", "Hydrocortisone 25 MG/ML Topical Cream",
                    "Apply to the affected area twice daily for 7 days", 990)),
        (SMOKING, WEIGHT, ALT, HCG, PULSE),
        (("386346000", "Photography of patient (procedure)"),
         ("243063003", "Skin care education (procedure)")),
        ("225361001", "Skin care plan"), "DERMATOLOGY", 5900,
        (("Where is your skin affected?", ("Face", "Face and back", "Hands", "Scalp")),
         ("How long have you had these symptoms?", ("Weeks", "Months", "Years")),
         ("Which treatments have you tried?", ("Benzoyl peroxide", "Salicylic acid", "None")),
         ("Are you pregnant or planning to be?", ("No", "Planning", "Does not apply")),
         ("Upload three photos of the area", ("3 photos received",))),
        ("Photographs show comedones and inflammatory papules on both cheeks.",
         "Dryness and peeling in the first two weeks, now settled.",
         "No new lesions; the patient's post-inflammatory marks are fading.",
         "Advised daily sunscreen and a gentle cleanser; avoid picking.",
         "Continue topical treatment for twelve weeks, then review with new photographs."),
    ),
    Program(
        "womens_health", 16, 1.0,
        (("169553002", "Contraceptive prescribed (finding)"),
         ("68566005", "Urinary tract infectious disease (disorder)"),
         ("266599000", "Dysmenorrhea (disorder)"), ("161712005", "Menopausal state (finding)")),
        (Medication("748856", "Yaz 28 Day Pack", "Take 1 tablet by mouth daily at the same time", 4480),
         Medication("1000156", "1 ML medroxyprogesterone acetate 150 MG/ML Injection",
                    "Inject 150 mg into the muscle every 12 weeks", 7210),
         Medication("1648755", "nitrofurantoin 100 MG Oral Capsule",
                    "Take 1 capsule by mouth twice daily for 5 days", 1830),
         Medication("1000114", "medroxyprogesterone acetate 10 MG Oral Tablet",
                    "Take 1 tablet by mouth daily for 12 days of the month", 1150)),
        (SYSTOLIC, DIASTOLIC, HCG, FERRITIN, BMI, SMOKING),
        (("169554008", "Contraception care education (procedure)"),
         ("171149006", "Screening for malignant neoplasm of cervix (procedure)")),
        ("386419000", "Contraception management plan"), "GYNECOLOGY", 3900,
        (("When did your last period start?", ("Last week", "2 weeks ago", "4 weeks ago")),
         ("Do you have migraines with aura?", ("No", "Yes")),
         ("Do you smoke?", ("No", "Yes, fewer than 10 a day")),
         ("Have you ever had a blood clot?", ("No", "Yes")),
         ("Which contraception do you use now?", ("None", "Condoms", "The pill"))),
        ("Requests a refill; no side effects, blood pressure within range.",
         "Burning on urination for three days without fever or flank pain.",
         "No migraine with aura, no history of clots, does not smoke.",
         "The patient's cycle is regular; last period two weeks ago.",
         "Continue for twelve months; return sooner for headache, leg pain or chest pain."),
    ),
    Program(
        "hair_loss", 12, 0.12,
        (("87872006", "Male pattern alopecia (disorder)"),
         ("39479004", "Telogen effluvium (disorder)"), ("56317004", "Alopecia (disorder)")),
        (Medication("310346", "Finasteride 1 MG Oral Tablet", "Take 1 tablet by mouth daily", 1990),
         Medication("315246", "Minoxidil 50 MG/ML Topical Solution",
                    "Apply 1 mL to the scalp twice daily", 2450),
         Medication("197987", "minoxidil 2.5 MG Oral Tablet", "Take 1 tablet by mouth daily", 1280)),
        (SYSTOLIC, PULSE, FERRITIN, TSH, SMOKING),
        (("386346000", "Photography of patient (procedure)"),
         ("311401005", "Patient education (procedure)")),
        ("734163000", "Care plan (record artifact)"), "DERMATOLOGY", 2900,
        (("When did you first notice hair loss?", ("This year", "1-3 years ago", "Long ago")),
         ("Where is the hair thinning?", ("Hairline", "Crown", "All over")),
         ("Does hair loss run in your family?", ("Yes, father", "Yes, mother's side", "No")),
         ("Have you had prostate problems?", ("No", "Yes")),
         ("Upload two photos of your scalp", ("2 photos received",))),
        ("Thinning at the crown for two years; father and brother affected.",
         "Shedding in month one as expected, now regrowth at the temples.",
         "No sexual side effects, no mood change. Scalp healthy in photographs.",
         "Explained that results take four to six months and need continued use.",
         "Continue the patient's current regimen; photographs again in six months."),
    ),
)

STAGES: tuple[str, ...] = ("intake", "active", "paused", "closed")

VISITS: tuple[tuple[str, str, str, int], ...] = (
    ("virtual", "448337001", "Telemedicine consultation with patient (procedure)", 8555),
    ("virtual", "185317003", "Telephone encounter (procedure)", 5110),
    ("ambulatory", "185345009", "Encounter for symptom (procedure)", 7749),
    ("ambulatory", "185349003", "Encounter for check up (procedure)", 13688),
    ("outpatient", "390906007", "Follow-up encounter (procedure)", 7749),
    ("wellness", "162673000", "General examination of patient (procedure)", 12916),
)
"""Encounter class, SNOMED code, description, base cost in cents; in order of frequency."""

ALLERGENS: tuple[tuple[str, str, str, str, Coded], ...] = (
    ("7980", "RxNorm", "Penicillin G", "medication", ("247472004", "Wheal (finding)")),
    ("1191", "RxNorm", "Aspirin", "medication", ("271807003", "Eruption of skin (disorder)")),
    ("10831", "RxNorm", "Sulfamethoxazole / Trimethoprim", "medication",
     ("271807003", "Eruption of skin (disorder)")),
    ("111088007", "SNOMED-CT", "Latex (substance)", "environment",
     ("418290006", "Itching (finding)")),
    ("256259004", "SNOMED-CT", "Pollen (substance)", "environment", ("76067001", "Sneezing")),
    ("762952008", "SNOMED-CT", "Peanut (substance)", "food", ("39579001", "Anaphylaxis (disorder)")),
    ("735029006", "SNOMED-CT", "Shellfish (substance)", "food", ("126485001", "Urticaria (disorder)")),
)
"""Code, system, description, category, reaction."""

VACCINES: tuple[Coded, ...] = (
    ("140", "Influenza  seasonal  injectable  preservative free"), ("113", "Td (adult) preservative free"),
    ("115", "Tdap"), ("121", "zoster vaccine  live"), ("133", "Pneumococcal conjugate PCV 13"),
    ("208", "COVID-19  mRNA  LNP-S  PF  30 mcg/0.3 mL dose"), ("62", "HPV  quadrivalent"),
    ("43", "Hep B  adult"),
)
# fmt: on
