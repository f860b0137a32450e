"""Invented names. Combinations are drawn at random: no real person, no real town."""

from __future__ import annotations

CITY = "Kestmouth"
REGION = "Kestshire"

#: first and second halves of ward, district and street names
PLACE_FIRST = (
    "Quill", "Pewter", "Tansy", "Sorrel", "Marrow", "Vesper", "Juniper", "Saffron", "Larkspur", "Cinder", "Teasel",
    "Gannet", "Fennel", "Oriel", "Plover", "Umber", "Wherry", "Yarrow", "Bellow", "Cobalt", "Dapple", "Ember",
    "Flax", "Gorse", "Hawser", "Indigo", "Jackdaw", "Kelp", "Lantern", "Madder", "Nettle", "Osier",
)  # fmt: skip
PLACE_SECOND = ("garth", "holm", "reach", "haven", "stead", "mere", "moor", "quay", "gate", "rise")
STREET_FIRST = (
    "Thimble", "Copper", "Barley", "Anchor", "Candle", "Drummer", "Fiddler", "Glover", "Harness", "Kettle", "Ledger",
    "Miller", "Needle", "Orchard", "Pepper", "Rope", "Saddle", "Tinder", "Velvet", "Weaver",
)  # fmt: skip
STREET_SECOND = ("Street", "Road", "Lane", "Close", "Court", "Avenue", "Way", "Walk", "Terrace", "Gardens")
SHOP_WORDS = (
    "Golden", "Silver", "Crispy", "Lucky", "Corner", "Harbour", "Sunset", "Little", "Royal", "Blue", "Spicy", "Happy",
    "Midnight", "Lemon", "Olive", "Pearl",
)  # fmt: skip
FOOD_WORDS = ("Wok", "Grill", "Fryer", "Pizza", "Kebab", "Chicken", "Diner", "Noodle Bar", "Peri Kitchen", "Kitchen")

OPERATION_NAMES = (
    "Mallow", "Gantry", "Thistle", "Pendulum", "Copperleaf", "Halyard", "Brindle", "Tamarisk", "Quarto", "Sextant",
    "Bulrush", "Cloister", "Damson", "Filbert", "Gimlet", "Hazelwick", "Isinglass", "Jetsam", "Kittiwake", "Lovage",
)  # fmt: skip
NICKNAMES = (
    "Biscuit", "Tee", "Smiler", "Jinx", "Rocket", "Dizzy", "Pops", "Moz", "Kez", "Skip", "Lil Jay", "Ghost", "Bambi",
    'Big "Tee"', "Twitch", "Chips",
)  # fmt: skip

#: given names by name pool: (female, male)
GIVEN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "isles": (
        ("Olivia", "Amelia", "Isla", "Ava", "Mia", "Freya", "Lily", "Grace", "Ella", "Poppy", "Evie", "Sophie", "Ruby",
         "Chloe", "Daisy", "Erin", "Niamh", "Holly", "Jade", "Leah", "Megan", "Paige", "Skye", "Tilly", "Rosie",
         "Molly", "Summer", "Ellie", "Bethany", "Caitlin", "Demi", "Faith", "Georgia", "Harriet", "Imogen", "Kayleigh",
         "Lauren", "Maisie", "Nicole", "Susan", "Margaret", "Linda", "Karen", "Tracey", "Deborah", "Janet"),
        ("Oliver", "George", "Noah", "Arthur", "Harry", "Leo", "Jack", "Charlie", "Oscar", "Jacob", "Alfie", "Freddie",
         "Archie", "Theo", "Finley", "Mason", "Logan", "Callum", "Kieran", "Liam", "Connor", "Declan", "Ryan", "Kyle",
         "Jayden", "Tyler", "Riley", "Reece", "Bradley", "Luke", "Aidan", "Ben", "Cameron", "Dylan", "Ethan", "Gareth",
         "Lewis", "Nathan", "Owen", "Paul", "Kevin", "Stephen", "Alan", "Brian", "Keith", "Ian"),
    ),
    "south_asian": (
        ("Aisha", "Fatima", "Zara", "Maryam", "Hafsa", "Amina", "Khadija", "Noor", "Sana", "Priya", "Anjali", "Meera",
         "Simran", "Harpreet", "Nadia", "Rukhsana", "Shabnam", "Tahira", "Yasmin", "Iqra", "Laiba", "Mahnoor"),
        ("Mohammed", "Muhammad", "Ahmed", "Hamza", "Ibrahim", "Yusuf", "Bilal", "Zain", "Imran", "Tariq", "Arjun",
         "Rohan", "Gurpreet", "Jaspal", "Faisal", "Adeel", "Kamran", "Nadeem", "Rashid", "Sajid", "Umar", "Waqas"),
    ),
    "african": (
        ("Adaeze", "Amara", "Chiamaka", "Efua", "Fola", "Hodan", "Ifeoma", "Kemi", "Ngozi", "Oluchi", "Rahma", "Sade",
         "Temi", "Wanjiru", "Yaa", "Zainab", "Abeba", "Blessing", "Comfort", "Esther"),
        ("Abdi", "Ade", "Chidi", "Emeka", "Femi", "Kofi", "Kwame", "Liban", "Musa", "Obinna", "Samuel", "Tunde",
         "Yonas", "Zeki", "Daniel", "Emmanuel", "Isaac", "Joseph", "Malik", "Solomon"),
    ),
    "east_asian": (
        ("Mei", "Ling", "Xin Yi", "Jia", "Hui", "Yan", "Wai Ling", "Siu", "Linh", "Thuy"),
        ("Wei", "Jun", "Ming", "Hao", "Ka Ho", "Chun", "Tsz Kin", "Yat", "Minh", "Quang"),
    ),
    "european": (
        ("Zofia", "Maja", "Oliwia", "Katarzyna", "Andreea", "Elena", "Ioana", "Lucia", "Milena", "Petra", "Réka",
         "Simona", "Zuzana", "Agnė", "Denisa"),
        ("Jakub", "Kacper", "Mateusz", "Piotr", "Andrei", "Ionuț", "Marius", "Luca", "Milan", "Péter", "Radu",
         "Štefan", "Tomasz", "Vladimír", "Dominik"),
    ),
    "middle_east": (
        ("Layla", "Mariam", "Rania", "Shirin", "Dilan", "Hala", "Nisreen", "Parisa", "Roya", "Samira"),
        ("Karim", "Omar", "Reza", "Hiwa", "Rawand", "Sami", "Tarek", "Walid", "Yousef", "Dariush"),
    ),
}  # fmt: skip

FAMILY: dict[str, tuple[str, ...]] = {
    "isles": (
        "Ashdown", "Barlow", "Birtwell", "Blakemore", "Brearley", "Cartwell", "Chadderley", "Clegham", "Cronshaw",
        "Dobney", "Duckham", "Entwick", "Fairhurst", "Fielden", "Gaskin", "Greenhal", "Hadfield", "Harkin", "Hepworth",
        "Hindle", "Holroyd", "Ingleby", "Jepson", "Kershaw", "Kilbane", "Leyden", "Lomax", "Mulrennan", "Naylor",
        "Ogden", "O'Rourke", "O'Dowd", "Pickup", "Quinlan", "Ramsden", "Rigby", "Schofield", "Sugden", "Tattersall",
        "Thornley", "Unsworth", "Walmsley", "Whitworth", "Wolstan", "Yarwood", "Smith", "Jones", "Taylor", "Brown",
        "Wilson", "Evans", "Murphy", "Kelly", "Walsh", "Campbell", "Francis", "Clarke", "Morgan",
    ),
    "south_asian": (
        "Ahmed", "Ali", "Akhtar", "Begum", "Bibi", "Chaudhry", "Choudhury", "Hussain", "Iqbal", "Kaur", "Khan",
        "Mahmood", "Malik", "Mirza", "Patel", "Rahman", "Sharma", "Shah", "Singh", "Uddin", "Qureshi", "Rafiq", "Desai",
    ),
    "african": (
        "Abdullahi", "Adeyemi", "Afolabi", "Asante", "Boateng", "Chukwu", "Diallo", "Eze", "Farah", "Gebre", "Hassan",
        "Kamara", "Mensah", "Mohamud", "Mwangi", "Ncube", "Nwosu", "Okafor", "Osei", "Sesay", "Tesfaye", "Warsame",
    ),
    "east_asian": ("Chan", "Chen", "Cheung", "Ho", "Lam", "Leung", "Li", "Liu", "Nguyen", "Tran", "Wang", "Wong"),
    "european": (
        "Balan", "Dumitru", "Horváth", "Ionescu", "Kowalczyk", "Kováč", "Lewandowski", "Novák", "Nowak", "Popescu",
        "Radu", "Szabó", "Wójcik", "Zieliński", "Kazlauskas", "Šimko",
    ),
    "middle_east": ("Aziz", "Barzani", "Darwish", "Ebrahimi", "Haddad", "Karimi", "Mansour", "Najjar", "Saleh", "Zand"),
}  # fmt: skip

#: syllables for further family names, so that a large city does not run out
FAMILY_START = (
    "Al", "Bar", "Cad", "Dren", "Ell", "Fos", "Gar", "Hal", "Ir", "Jen", "Kil", "Lor", "Mar", "Nor", "Pel", "Ran",
    "Sel", "Tor", "Ulv", "Wen",
)  # fmt: skip
FAMILY_MIDDLE = ("a", "e", "i", "o", "en", "ar", "in", "ob", "us", "")
FAMILY_END = (
    "by", "cott", "dale", "ferth", "kin", "low", "man", "ness", "son", "thwaite", "well", "wood", "ric", "ane",
)  # fmt: skip

#: which name pool an ethnicity code mostly uses
POOL_OF_ETHNICITY = {
    "WBRI": "isles", "WIRI": "isles", "WOTH": "european", "MWBC": "isles", "MWBA": "african", "MOTH": "isles",
    "AIND": "south_asian", "APKN": "south_asian", "ABAN": "south_asian", "AOTH": "south_asian", "BAFR": "african",
    "BCRB": "isles", "BOTH": "african", "CHNE": "east_asian", "OOTH": "middle_east",
}  # fmt: skip

#: names that break careless software: apostrophes, hyphens, accents, right-to-left, commas, quotes, very long
AWKWARD = (
    ("Zoë", "O’Shaughnessy-D'Arcy"),
    ("ميّادة", "الخطّاب"),
    ("שירה", "בן־אור"),
    ("Anne-Marie Thérèse Joséphine Philippa", "Featherstonehaughleigh-Wolfeschlegelsteinberg-Cholmondeleyton"),
    ("Mary-Kate", "van der Øst"),
    ("Jean", "Prentice, Jr."),
    ("Siobhán", "Ní Dhómhnaillín"),
    ("Nguyệt", "Đặng"),
    ("Null", "Nemo"),
    ("Test", "True"),
    ("Ægir", "Þórðarbur"),
    ("李小梅", "歐陽"),
    ("Ananthakrishnan", "Venkatasubramaniaswamy"),
    ("Jo", "X"),
    ("De'Andre", "St. John-O'Neil"),
    ("María José", "Núñez y Íñiguez"),
)
