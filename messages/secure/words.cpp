#include "messages/secure/words.hpp"

#include <algorithm>
#include <array>

namespace liveconnect {

namespace {

// Plain English words of 3 to 8 letters, sorted. Words that sound alike were left out, and of words
// one letter apart as many as 2048 words allow. Never change it: keys are written in it.
// clang-format off
constexpr std::array<std::string_view, word_count> words{{
    "about", "above", "absent", "accent", "accept", "access", "accord", "account", "achieve",
    "acid", "acorn", "acre", "across", "act", "action", "active", "actor", "actual", "adapt",
    "add", "address", "adjust", "admire", "admit", "adopt", "adult", "advance", "advice",
    "affair", "afford", "after", "again", "age", "agent", "agree", "ahead", "aim", "air",
    "airport", "aisle", "alarm", "album", "alert", "alike", "alley", "allow", "almond", "almost",
    "aloe", "along", "alpha", "alpine", "also", "alter", "always", "amaze", "amber", "amount",
    "ample", "amuse", "anchor", "ancient", "angel", "angle", "animal", "ankle", "annual",
    "answer", "antenna", "any", "apart", "apply", "apricot", "apron", "arch", "arctic", "area",
    "arena", "argue", "arise", "armor", "army", "aroma", "around", "arrange", "arrive", "arrow",
    "art", "article", "artist", "ascend", "aside", "ask", "asleep", "aspect", "aspen", "asset",
    "assist", "assume", "athlete", "atlas", "atom", "attach", "attend", "attic", "auction",
    "august", "aunt", "author", "autumn", "avenue", "average", "avocado", "avoid", "award",
    "aware", "away", "awning", "axis", "axle", "azure", "baby", "badge", "bag", "bagel", "baker",
    "balance", "balcony", "ball", "ballad", "balloon", "bamboo", "banana", "banjo", "bank",
    "banner", "barber", "bargain", "barley", "barn", "barrel", "base", "basil", "basin", "basket",
    "baton", "battery", "bazaar", "beacon", "beam", "beard", "beauty", "beaver", "because",
    "become", "bed", "bee", "beetle", "before", "begin", "behave", "behind", "belong", "below",
    "belt", "bench", "benefit", "berry", "beside", "between", "beyond", "bicycle", "big", "birch",
    "bird", "biscuit", "bison", "bite", "black", "blade", "blanket", "blend", "bless", "blink",
    "blond", "bloom", "blossom", "bluff", "blur", "board", "boat", "body", "bone", "bonfire",
    "bonus", "boost", "border", "borrow", "boss", "both", "bottle", "bottom", "bounce", "bowl",
    "box", "brace", "bracket", "brain", "branch", "brass", "brave", "break", "breath", "breeze",
    "brick", "bridge", "brief", "bright", "bring", "brisk", "broad", "bronze", "brook", "brother",
    "brown", "brush", "bubble", "bucket", "buckle", "buddy", "budget", "buffalo", "bugle",
    "build", "bulb", "bulk", "bundle", "burger", "burrow", "bus", "butter", "button", "buy",
    "buzz", "cabbage", "cabin", "cable", "cactus", "calcium", "calm", "camel", "camera", "camp",
    "canal", "canary", "candle", "candy", "canoe", "canvas", "canyon", "capable", "cape",
    "capital", "captain", "caravan", "card", "cargo", "carol", "carpet", "carrot", "carve",
    "cash", "cashew", "casino", "castle", "casual", "cat", "catalog", "cattle", "cause", "cedar",
    "ceiling", "celery", "cello", "cement", "center", "central", "century", "cereal", "certain",
    "chair", "chalk", "chamber", "chance", "channel", "chapel", "chapter", "charge", "charm",
    "chart", "chase", "check", "cheddar", "cheer", "cheese", "cherry", "chess", "chest", "chew",
    "chicken", "chief", "child", "chimney", "chin", "choice", "choose", "chorus", "chrome",
    "chuckle", "church", "cider", "cinema", "cinnamon", "circle", "circus", "citizen", "city",
    "civil", "claim", "clarify", "class", "clay", "clean", "clear", "clerk", "clever", "click",
    "client", "cliff", "climate", "climb", "clinic", "clip", "cloak", "close", "closet", "cloth",
    "cloud", "clover", "clown", "club", "clutch", "coach", "cobalt", "cocoa", "coconut", "code",
    "coffee", "cold", "collar", "collect", "college", "color", "column", "comb", "combine",
    "comet", "comfort", "comic", "common", "company", "compass", "compose", "concert", "condor",
    "confirm", "connect", "consider", "consult", "contain", "contest", "control", "cookie",
    "copper", "copy", "coral", "cork", "corner", "correct", "cosmic", "cost", "cotton", "cougar",
    "country", "couple", "courage", "course", "court", "cousin", "cow", "coyote", "crab",
    "cradle", "craft", "crane", "crater", "crayon", "cream", "create", "credit", "creek",
    "cricket", "crisp", "crop", "cross", "crowd", "cruise", "crumb", "crunch", "crust", "crystal",
    "cube", "cuckoo", "cup", "curb", "curious", "curl", "current", "curry", "curtain", "curve",
    "cushion", "custom", "cycle", "cymbal", "cypress", "dad", "daily", "daisy", "dam", "dance",
    "dare", "data", "daughter", "dawn", "debate", "decade", "decent", "decide", "decor", "deep",
    "deer", "defend", "define", "degree", "delay", "deliver", "delta", "demand", "denim", "dense",
    "dentist", "depart", "depend", "deposit", "depth", "deputy", "derive", "desert", "design",
    "desk", "dessert", "detail", "detect", "develop", "device", "devote", "dew", "diagram",
    "dial", "diamond", "diary", "dice", "diesel", "diet", "differ", "digital", "dignity",
    "dinner", "dip", "direct", "disc", "discuss", "display", "distant", "ditch", "divide",
    "doctor", "dog", "doll", "dolphin", "donate", "donkey", "donor", "door", "dot", "double",
    "dough", "dove", "dozen", "dragon", "drama", "draw", "dream", "dress", "drift", "drill",
    "drink", "drive", "drop", "drum", "dry", "duck", "dune", "durable", "during", "dust", "duty",
    "dwell", "dynamic", "each", "eager", "eagle", "early", "earth", "easy", "eat", "echo",
    "eclipse", "ecology", "economy", "edge", "edit", "educate", "eel", "effect", "effort", "egg",
    "either", "elbow", "elder", "elect", "elegant", "element", "elk", "elm", "else", "embrace",
    "emerald", "emerge", "emotion", "emperor", "empty", "enable", "enamel", "end", "endless",
    "endure", "energy", "engage", "engine", "enjoy", "enlist", "enough", "enrich", "enroll",
    "ensure", "enter", "entire", "entry", "envoy", "epic", "episode", "equal", "equip", "era",
    "erase", "errand", "escape", "essay", "estate", "eternal", "evening", "event", "every",
    "evident", "evoke", "evolve", "exact", "example", "excess", "exhibit", "exist", "exotic",
    "expand", "expect", "explain", "explore", "export", "express", "extend", "extra", "eye",
    "fable", "fabric", "fact", "factor", "fade", "fairy", "faith", "falcon", "fall", "family",
    "famous", "fan", "fancy", "farmer", "fashion", "feast", "feature", "federal", "feed", "felt",
    "fence", "fennel", "fern", "ferry", "festive", "fetch", "few", "fiber", "fiddle", "field",
    "fig", "figure", "film", "filter", "final", "finch", "find", "finger", "finish", "firm",
    "first", "fish", "fit", "five", "flag", "flame", "flannel", "flash", "flavor", "fleet",
    "flight", "flint", "float", "flock", "flood", "floor", "flow", "flower", "fluid", "flute",
    "fly", "foam", "focus", "foil", "folk", "follow", "foot", "force", "forest", "forever",
    "forget", "formal", "fortune", "forum", "forward", "fossil", "fox", "frame", "free", "freeze",
    "fresh", "friend", "fringe", "frog", "front", "frost", "fruit", "fuel", "fund", "funny",
    "fur", "future", "gadget", "galaxy", "gallery", "gallon", "gap", "garage", "garden", "garlic",
    "garment", "gate", "gather", "gauge", "gecko", "gem", "general", "genius", "gentle",
    "genuine", "geyser", "ghost", "giant", "gift", "ginger", "giraffe", "girl", "give", "glacier",
    "glad", "glance", "glaze", "glimpse", "globe", "glory", "glue", "goal", "good", "goose",
    "gopher", "gourd", "grab", "grade", "grand", "granite", "graph", "grass", "gravel", "gravity",
    "gravy", "green", "greet", "grid", "grill", "grin", "grocery", "ground", "group", "grove",
    "grow", "guard", "guava", "guess", "guide", "guild", "guitar", "gulf", "gym", "gypsum",
    "habit", "half", "halo", "hammer", "hammock", "hamster", "handle", "hang", "happen", "happy",
    "harbor", "harmony", "harp", "harvest", "haul", "haven", "hawk", "hay", "hazel", "heal",
    "health", "heart", "heavy", "hedge", "height", "helium", "helmet", "help", "hen", "herd",
    "heron", "hexagon", "hidden", "high", "hike", "hip", "history", "hobby", "hockey", "hold",
    "holiday", "holly", "honest", "honey", "hoop", "hope", "horizon", "horn", "hornet", "horse",
    "hotel", "hour", "hover", "huge", "hull", "human", "humble", "humor", "hundred", "hunt",
    "hurry", "husky", "hybrid", "hymn", "ice", "icon", "idea", "ideal", "igloo", "image",
    "imagine", "impact", "import", "impress", "improve", "inch", "include", "income", "index",
    "indigo", "indoor", "inform", "ink", "inlet", "inn", "inner", "input", "insect", "inside",
    "inspire", "install", "instead", "intend", "invent", "invest", "invite", "iris", "iron",
    "island", "issue", "item", "ivory", "ivy", "jacket", "jade", "jaguar", "jam", "jar",
    "jasmine", "jazz", "jeans", "jelly", "jet", "jewel", "jigsaw", "job", "join", "joke",
    "journal", "journey", "joy", "judge", "juggle", "juice", "jump", "jungle", "junior",
    "juniper", "jury", "just", "justice", "kangaroo", "kayak", "keen", "kelp", "kernel", "kettle",
    "key", "keyhole", "kick", "kid", "kidney", "kilo", "kilt", "king", "kingdom", "kiosk",
    "kitchen", "kite", "kitten", "kiwi", "knee", "knife", "knight", "knit", "knob", "knock",
    "koala", "label", "labor", "lace", "ladder", "lady", "lagoon", "lamb", "land", "lantern",
    "large", "lark", "laser", "latch", "laugh", "launch", "laundry", "laurel", "lava", "lavender",
    "lawn", "lawyer", "lead", "leader", "league", "leap", "learn", "leather", "leave", "lecture",
    "left", "leg", "legal", "legend", "lemon", "length", "lens", "lentil", "leopard", "lesson",
    "letter", "lettuce", "level", "liberty", "library", "license", "lid", "lilac", "lily", "lime",
    "limit", "linden", "linen", "lion", "liquid", "list", "listen", "liter", "little", "lively",
    "lizard", "llama", "loaf", "loan", "lobby", "lobster", "locate", "lodge", "loft", "log",
    "logic", "look", "loose", "lorry", "lotus", "loud", "lounge", "love", "loyal", "lucky",
    "lumber", "lunar", "lunch", "lung", "lute", "luxury", "lyric", "machine", "magic", "magnet",
    "magpie", "main", "major", "mallet", "malt", "mammal", "manage", "mandate", "mango", "manner",
    "mansion", "mantle", "manual", "maple", "marble", "margin", "marine", "mark", "market",
    "maroon", "marry", "marsh", "mason", "master", "matrix", "matter", "mattress", "maximum",
    "may", "maybe", "mayor", "maze", "meadow", "mean", "measure", "medal", "media", "medium",
    "meet", "mellow", "melody", "melon", "member", "memo", "memory", "mention", "mentor", "menu",
    "mercy", "merge", "merit", "mesa", "mesh", "message", "meteor", "method", "metric", "middle",
    "midnight", "might", "milk", "mimic", "mineral", "minimum", "mint", "minute", "miracle",
    "mirror", "mission", "mix", "mobile", "model", "modern", "modest", "modify", "module",
    "moment", "money", "month", "mood", "moral", "more", "morning", "mosaic", "moss", "mother",
    "motion", "motor", "mount", "mouse", "movie", "much", "mud", "muffin", "mule", "muscle",
    "museum", "music", "mustard", "mutual", "myth", "name", "napkin", "narrow", "nation",
    "native", "nature", "navy", "neck", "nectar", "need", "needle", "neon", "nephew", "nerve",
    "network", "neutral", "never", "news", "next", "nibble", "nickel", "niece", "nimble", "nine",
    "noble", "nod", "noise", "noodle", "normal", "north", "note", "notice", "novel", "nozzle",
    "number", "nut", "nutmeg", "nylon", "oak", "oar", "oasis", "obey", "object", "oblige",
    "observe", "obtain", "obvious", "ocean", "octagon", "octave", "october", "off", "offer",
    "office", "often", "oil", "olive", "omega", "omelet", "once", "one", "onion", "online",
    "only", "onyx", "opal", "open", "opera", "opinion", "option", "oracle", "orange", "orbit",
    "orchard", "orchid", "order", "organ", "orient", "origin", "osprey", "ostrich", "otter",
    "out", "outdoor", "outer", "outfit", "output", "outside", "oval", "over", "own", "owner",
    "oxygen", "oyster", "ozone", "pacific", "pack", "paddle", "pair", "palace", "palm", "pan",
    "pancake", "panda", "panel", "panther", "papaya", "paper", "parade", "parcel", "pardon",
    "parent", "parlor", "parrot", "parsley", "partner", "party", "pass", "passage", "pasta",
    "pastry", "path", "patient", "patio", "patrol", "pattern", "pause", "pave", "pavilion", "paw",
    "peacock", "peak", "peanut", "pearl", "pebble", "pecan", "peel", "pelican", "pencil",
    "penguin", "people", "pepper", "perfect", "perform", "perhaps", "period", "permit", "person",
    "petal", "phone", "photo", "phrase", "piano", "picnic", "picture", "pie", "piece", "pigeon",
    "pill", "pillow", "pilot", "pioneer", "pirate", "pitch", "pizza", "plain", "planet", "plank",
    "plasma", "plate", "play", "plaza", "please", "pledge", "plenty", "plow", "pluck", "plum",
    "plural", "plus", "pocket", "poem", "point", "polar", "pole", "police", "polish", "polite",
    "pollen", "pond", "pony", "pool", "poppy", "popular", "portal", "portion", "post", "posture",
    "potato", "pottery", "pouch", "powder", "prairie", "praise", "prefer", "prepare", "present",
    "press", "pretty", "primary", "prime", "prince", "print", "prism", "private", "prize",
    "problem", "process", "produce", "profile", "profit", "program", "project", "promise",
    "proof", "proper", "protect", "proud", "prove", "provide", "prune", "public", "pudding",
    "pulp", "pulse", "puma", "pumpkin", "pupil", "puppet", "puppy", "pure", "purple", "purpose",
    "push", "put", "puzzle", "pyramid", "quail", "quaint", "quality", "quantum", "quarry",
    "quart", "quartz", "queen", "quest", "quick", "quiet", "quill", "quince", "quiz", "quota",
    "quote", "rabbit", "raccoon", "radar", "radio", "radish", "raft", "raise", "raisin", "rally",
    "ramp", "ranch", "random", "range", "rapid", "rate", "rather", "raven", "razor", "react",
    "ready", "real", "realize", "reason", "rebuild", "recall", "receive", "recipe", "record",
    "recover", "recycle", "red", "reduce", "reef", "reflect", "refresh", "regard", "region",
    "regular", "reindeer", "relate", "relax", "release", "relief", "rely", "remain", "remark",
    "remedy", "remember", "remind", "remote", "remove", "render", "renew", "rent", "repair",
    "repeat", "reply", "report", "rescue", "resident", "resist", "resort", "respect", "result",
    "retail", "retire", "return", "reunion", "reveal", "reverse", "review", "reward", "rhyme",
    "rhythm", "ribbon", "rich", "ridge", "rigid", "rinse", "ripe", "ripple", "river", "road",
    "roast", "robe", "robin", "robot", "rock", "rocket", "rodeo", "roll", "room", "rose",
    "rotate", "rough", "route", "royal", "rubber", "ruby", "rudder", "rug", "rugby", "ruin",
    "rule", "rumor", "rural", "rye", "saddle", "safari", "safe", "saffron", "saga", "salad",
    "salmon", "salon", "salt", "salute", "sandal", "sapphire", "sardine", "satin", "sauce",
    "sausage", "savanna", "saw", "scale", "scallop", "scan", "scarf", "scatter", "scene",
    "scenic", "scent", "school", "science", "scissors", "scoop", "scooter", "score", "scout",
    "screen", "screw", "script", "scroll", "sea", "search", "season", "seat", "second", "secret",
    "section", "secure", "seem", "segment", "select", "self", "senate", "send", "senior", "sense",
    "sequel", "sequoia", "series", "serve", "service", "session", "settle", "seven", "shadow",
    "shaft", "shall", "shallow", "shampoo", "shape", "sharp", "shed", "sheet", "shelf", "shelter",
    "shepherd", "shield", "shine", "ship", "shirt", "shoe", "should", "shoulder", "shovel",
    "show", "shower", "shrimp", "shrub", "shuttle", "shy", "sibling", "siege", "sienna", "sight",
    "sign", "signal", "silent", "silk", "silver", "similar", "simple", "since", "single", "siren",
    "sister", "six", "size", "skate", "sketch", "ski", "skill", "skin", "skirt", "sled", "sleek",
    "sleeve", "slide", "slim", "slipper", "slope", "small", "smart", "smile", "smoke", "smooth",
    "snack", "snail", "snake", "snap", "sneeze", "snow", "soap", "soccer", "social", "sock",
    "soda", "sofa", "soldier", "solid", "solo", "solve", "some", "sonar", "song", "soon",
    "sorrel", "sort", "soul", "sound", "soup", "source", "south", "soy", "spade", "spark",
    "sparrow", "spatula", "speak", "special", "speech", "speed", "spell", "sphere", "spice",
    "spider", "spike", "spin", "spinach", "spiral", "spirit", "splash", "split", "sponge",
    "spoon", "spot", "spray", "spread", "spring", "sprout", "spruce", "square", "squash", "squid",
    "squirrel", "stable", "stadium", "staff", "stage", "stair", "stamp", "stand", "staple",
    "star", "station", "statue", "stay", "steady", "steam", "steel", "step", "stereo", "stew",
    "stick", "still", "sting", "stitch", "stone", "stool", "stop", "storage", "storm", "story",
    "stove", "strap", "straw", "stream", "street", "stretch", "stride", "strong", "student",
    "studio", "study", "style", "subject", "submit", "subway", "success", "such", "sudden",
    "sugar", "suggest", "suit", "suitcase", "summer", "summit", "sun", "sunday", "sunny",
    "sunrise", "sunset", "super", "supply", "support", "surf", "surface", "surge", "surprise",
    "survey", "sushi", "sustain", "swallow", "swamp", "swan", "swarm", "sweater", "sweep",
    "swift", "swim", "swing", "switch", "sword", "symbol", "syrup", "system", "tablet", "tackle",
    "taco", "tactic", "tail", "tailor", "take", "talent", "talk", "tambour", "tango", "target",
    "tart", "task", "taste", "tavern", "taxi", "tea", "teach", "teapot", "tell", "temple", "ten",
    "tenant", "tennis", "term", "terrace", "test", "text", "thank", "that", "thaw", "theater",
    "theory", "there", "thick", "thimble", "thing", "third", "thirty", "thistle", "thorn",
    "thought", "thread", "three", "thrive", "throne", "throw", "thumb", "thunder", "thyme",
    "ticket", "tidy", "tiger", "timber", "time", "timid", "tiny", "tire", "tissue", "title",
    "toast", "today", "toe", "toffee", "together", "token", "tomato", "tomorrow", "tongue",
    "tonic", "tooth", "top", "topaz", "topic", "torch", "total", "tour", "toward", "tower",
    "town", "track", "traffic", "train", "transit", "travel", "tray", "treat", "trek", "trend",
    "tribe", "tricycle", "trim", "trio", "trip", "trolley", "trophy", "trout", "true", "truffle",
    "trumpet", "trunk", "trust", "truth", "try", "tub", "tuba", "tuesday", "tulip", "tuna",
    "tundra", "tune", "tunnel", "turbine", "turkey", "turn", "turnip", "turtle", "tutor",
    "tuxedo", "twelve", "twenty", "twice", "twig", "twilight", "twin", "twist", "two", "type",
    "typical", "ultra", "umbrella", "uncle", "under", "unfold", "uniform", "union", "unique",
    "unit", "unity", "universe", "until", "update", "upgrade", "uphill", "upon", "upper",
    "upright", "upset", "urban", "urge", "use", "useful", "usher", "usual", "utility", "utmost",
    "vacant", "vacuum", "valid", "valley", "value", "valve", "vanilla", "vapor", "variety",
    "various", "vase", "vast", "vault", "vector", "vehicle", "velvet", "vendor", "venture",
    "venue", "verb", "verify", "verse", "version", "vertex", "very", "vessel", "veteran",
    "vibrant", "video", "view", "villa", "village", "vine", "vinegar", "vintage", "vinyl",
    "viola", "violet", "violin", "virtue", "visa", "visible", "vision", "visit", "visual",
    "vital", "vivid", "vocal", "voice", "volcano", "volume", "vote", "vow", "vowel", "voyage",
    "waffle", "wagon", "wait", "wake", "walk", "wallet", "walnut", "walrus", "waltz", "want",
    "warbler", "warm", "wash", "watch", "water", "wax", "wealth", "wear", "weasel", "weather",
    "weave", "wedding", "week", "weekend", "welcome", "well", "west", "whale", "what", "wheat",
    "wheel", "when", "where", "whisk", "whisper", "whistle", "white", "whole", "wicker", "wide",
    "width", "wife", "wild", "willow", "win", "window", "wink", "winter", "wisdom", "wise",
    "wizard", "wolf", "wombat", "wooden", "wool", "work", "world", "worth", "wrap", "wreath",
    "wren", "wrist", "yacht", "yak", "yard", "yarn", "year", "yeast", "yellow", "yes", "yogurt",
    "yoke", "young", "youth", "zebra", "zenith", "zephyr", "zero", "zigzag", "zinc", "zipper",
    "zodiac", "zoo", "zoom",
}};
// clang-format on

constexpr size_t bits_a_word = 11;
static_assert(word_count == size_t{1} << bits_a_word);

} // namespace

std::string_view word(size_t index) {
  return words[index % word_count];
}

std::optional<uint16_t> word_index(std::string_view x) {
  const auto at = std::lower_bound(words.begin(), words.end(), x);
  if (at == words.end() || *at != x)
    return {};
  return static_cast<uint16_t>(at - words.begin());
}

size_t word_at(byte_view x, size_t place) {
  size_t index = 0;
  for (size_t i = 0; i < bits_a_word; ++i) {
    const auto bit = place * bits_a_word + i;
    const auto byte = bit / 8 < x.size() ? x[bit / 8] : 0u;
    index = index << 1 | (byte >> (7 - bit % 8) & 1u);
  }
  return index;
}

std::string phrase(byte_view x, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0)
      out += ' ';
    out += word(word_at(x, i));
  }
  return out;
}

} // namespace liveconnect
