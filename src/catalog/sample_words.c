#include "catalog/sample_words.h"

#include "model/industry.h"

static const struct text english_first[] = {
    TEXT_INITIAL("summer"),  TEXT_INITIAL("morning"),   TEXT_INITIAL("tiny"),
    TEXT_INITIAL("gym"),     TEXT_INITIAL("book"),      TEXT_INITIAL("cozy"),
    TEXT_INITIAL("street"),  TEXT_INITIAL("night"),     TEXT_INITIAL("budget"),
    TEXT_INITIAL("clean"),   TEXT_INITIAL("retro"),     TEXT_INITIAL("lazy"),
    TEXT_INITIAL("sunday"),  TEXT_INITIAL("garden"),    TEXT_INITIAL("campus"),
    TEXT_INITIAL("travel"),  TEXT_INITIAL("dance"),     TEXT_INITIAL("coffee"),
    TEXT_INITIAL("puppy"),   TEXT_INITIAL("kitchen"),   TEXT_INITIAL("vintage"),
    TEXT_INITIAL("winter"),  TEXT_INITIAL("rainy"),     TEXT_INITIAL("ocean"),
    TEXT_INITIAL("school"),  TEXT_INITIAL("beach"),     TEXT_INITIAL("festival"),
    TEXT_INITIAL("weekend"), TEXT_INITIAL("halloween"), TEXT_INITIAL("thrift"),
    TEXT_INITIAL("makeup"),  TEXT_INITIAL("soccer"),    TEXT_INITIAL("plant"),
    TEXT_INITIAL("pasta"),   TEXT_INITIAL("sneaker"),   TEXT_INITIAL("anime"),
    TEXT_INITIAL("guitar"),  TEXT_INITIAL("camping"),   TEXT_INITIAL("nail"),
    TEXT_INITIAL("skate")};
static const struct text english_second[] = {
    TEXT_INITIAL("outfit"), TEXT_INITIAL("challenge"), TEXT_INITIAL("routine"),
    TEXT_INITIAL("hacks"),  TEXT_INITIAL("tok"),       TEXT_INITIAL("vibes"),
    TEXT_INITIAL("diy"),    TEXT_INITIAL("recipe"),    TEXT_INITIAL("check"),
    TEXT_INITIAL("haul"),   TEXT_INITIAL("edit"),      TEXT_INITIAL("core"),
    TEXT_INITIAL("reset"),  TEXT_INITIAL("inspo"),     TEXT_INITIAL("tour"),
    TEXT_INITIAL("ideas"),  TEXT_INITIAL("moments"),   TEXT_INITIAL("lovers"),
    TEXT_INITIAL("life"),   TEXT_INITIAL("season"),    TEXT_INITIAL("trend"),
    TEXT_INITIAL("night"),  TEXT_INITIAL("tips"),      TEXT_INITIAL("fail"),
    TEXT_INITIAL("mix"),    TEXT_INITIAL("walk"),      TEXT_INITIAL("story"),
    TEXT_INITIAL("glow"),   TEXT_INITIAL("memes"),     TEXT_INITIAL("transition"),
    TEXT_INITIAL("study"),  TEXT_INITIAL("club"),      TEXT_INITIAL("day"),
    TEXT_INITIAL("prep"),   TEXT_INITIAL("jam"),       TEXT_INITIAL("session"),
    TEXT_INITIAL("finds"),  TEXT_INITIAL("review"),    TEXT_INITIAL("aesthetic"),
    TEXT_INITIAL("party")};

const struct sample_language sample_english = {"", LENGTH_OF(english_first), english_first,
                                               english_second};
_Static_assert(LENGTH_OF(english_first) == LENGTH_OF(english_second), "two columns");

static const struct text arabic_first[] = {
    TEXT_INITIAL("تحدي"),    TEXT_INITIAL("يوم"),   TEXT_INITIAL("ليالي"), TEXT_INITIAL("أجمل"),
    TEXT_INITIAL("اكسبلور"), TEXT_INITIAL("رمضان"), TEXT_INITIAL("صباح"),  TEXT_INITIAL("عشاق"),
    TEXT_INITIAL("أسرار"),   TEXT_INITIAL("عيد")};
static const struct text arabic_second[] = {TEXT_INITIAL("_الرياض"), TEXT_INITIAL("_العرب"),
                                            TEXT_INITIAL("_الشتاء"), TEXT_INITIAL("_المطبخ"),
                                            TEXT_INITIAL("_القهوة"), TEXT_INITIAL("_السفر"),
                                            TEXT_INITIAL("_النجاح"), TEXT_INITIAL("_العيد"),
                                            TEXT_INITIAL("_الحب"),   TEXT_INITIAL("_كرة")};

static const struct text japanese_first[] = {TEXT_INITIAL("今日の"), TEXT_INITIAL("おすすめ"),
                                             TEXT_INITIAL("夏の"),   TEXT_INITIAL("手作り"),
                                             TEXT_INITIAL("平成"),   TEXT_INITIAL("推し"),
                                             TEXT_INITIAL("週末"),   TEXT_INITIAL("東京"),
                                             TEXT_INITIAL("猫の"),   TEXT_INITIAL("簡単")};
static const struct text japanese_second[] = {
    TEXT_INITIAL("ごはん"), TEXT_INITIAL("コーデ"),     TEXT_INITIAL("ダンス"),
    TEXT_INITIAL("暮らし"), TEXT_INITIAL("チャレンジ"), TEXT_INITIAL("旅行"),
    TEXT_INITIAL("メイク"), TEXT_INITIAL("活動"),       TEXT_INITIAL("日記"),
    TEXT_INITIAL("レシピ")};

static const struct text korean_first[] = {
    TEXT_INITIAL("오늘의"), TEXT_INITIAL("여름"), TEXT_INITIAL("서울"), TEXT_INITIAL("신나는"),
    TEXT_INITIAL("맛있는"), TEXT_INITIAL("요즘"), TEXT_INITIAL("주말"), TEXT_INITIAL("강아지"),
    TEXT_INITIAL("댄스"),   TEXT_INITIAL("꿀팁")};
static const struct text korean_second[] = {TEXT_INITIAL("일상"),     TEXT_INITIAL("코디"),
                                            TEXT_INITIAL("챌린지"),   TEXT_INITIAL("맛집"),
                                            TEXT_INITIAL("여행"),     TEXT_INITIAL("메이크업"),
                                            TEXT_INITIAL("브이로그"), TEXT_INITIAL("공부"),
                                            TEXT_INITIAL("운동"),     TEXT_INITIAL("요리")};

static const struct text thai_first[] = {
    TEXT_INITIAL("รีวิว"),   TEXT_INITIAL("เที่ยว"), TEXT_INITIAL("อาหาร"), TEXT_INITIAL("แมว"),
    TEXT_INITIAL("วันหยุด"), TEXT_INITIAL("สาย"),  TEXT_INITIAL("เพลง"),  TEXT_INITIAL("แฟชั่น"),
    TEXT_INITIAL("ตลาด"),  TEXT_INITIAL("คนรัก")};
static const struct text thai_second[] = {TEXT_INITIAL("เชียงใหม่"), TEXT_INITIAL("กรุงเทพ"),
                                          TEXT_INITIAL("บ้านเรา"),  TEXT_INITIAL("วันนี้"),
                                          TEXT_INITIAL("ทะเล"),    TEXT_INITIAL("ไทย"),
                                          TEXT_INITIAL("เต้น"),     TEXT_INITIAL("ฮิต"),
                                          TEXT_INITIAL("สบาย"),    TEXT_INITIAL("ประหยัด")};

static const struct text cyrillic_first[] = {
    TEXT_INITIAL("летний"),  TEXT_INITIAL("мой"),      TEXT_INITIAL("танец"),
    TEXT_INITIAL("новый"),   TEXT_INITIAL("вечерний"), TEXT_INITIAL("утренний"),
    TEXT_INITIAL("простой"), TEXT_INITIAL("лучший"),   TEXT_INITIAL("зимний"),
    TEXT_INITIAL("домашний")};
static const struct text cyrillic_second[] = {TEXT_INITIAL("рецепт"), TEXT_INITIAL("образ"),
                                              TEXT_INITIAL("юмор"),   TEXT_INITIAL("тренд"),
                                              TEXT_INITIAL("отдых"),  TEXT_INITIAL("город"),
                                              TEXT_INITIAL("вызов"),  TEXT_INITIAL("спорт"),
                                              TEXT_INITIAL("кот"),    TEXT_INITIAL("маршрут")};

static const struct text chinese_first[] = {
    TEXT_INITIAL("夏日"), TEXT_INITIAL("今天"), TEXT_INITIAL("台北"), TEXT_INITIAL("週末"),
    TEXT_INITIAL("我的"), TEXT_INITIAL("最愛"), TEXT_INITIAL("好吃"), TEXT_INITIAL("貓咪"),
    TEXT_INITIAL("開箱"), TEXT_INITIAL("校園")};
static const struct text chinese_second[] = {
    TEXT_INITIAL("穿搭"), TEXT_INITIAL("美食"), TEXT_INITIAL("挑戰"), TEXT_INITIAL("日常"),
    TEXT_INITIAL("旅行"), TEXT_INITIAL("妝容"), TEXT_INITIAL("舞蹈"), TEXT_INITIAL("運動"),
    TEXT_INITIAL("故事"), TEXT_INITIAL("分享")};

static const struct text spanish_first[] = {TEXT_INITIAL("verano"),  TEXT_INITIAL("mañana"),
                                            TEXT_INITIAL("baile"),   TEXT_INITIAL("niños"),
                                            TEXT_INITIAL("comida"),  TEXT_INITIAL("amor"),
                                            TEXT_INITIAL("noche"),   TEXT_INITIAL("fútbol"),
                                            TEXT_INITIAL("corazón"), TEXT_INITIAL("domingo")};
static const struct text spanish_second[] = {TEXT_INITIAL("español"), TEXT_INITIAL("feliz"),
                                             TEXT_INITIAL("en_casa"), TEXT_INITIAL("latino"),
                                             TEXT_INITIAL("viral"),   TEXT_INITIAL("2x1"),
                                             TEXT_INITIAL("conmigo"), TEXT_INITIAL("de_hoy"),
                                             TEXT_INITIAL("fácil"),   TEXT_INITIAL("y_café")};

static const struct text portuguese_first[] = {
    TEXT_INITIAL("verão"),    TEXT_INITIAL("dança"),  TEXT_INITIAL("receita"),
    TEXT_INITIAL("são_joão"), TEXT_INITIAL("manhã"),  TEXT_INITIAL("saudade"),
    TEXT_INITIAL("praia"),    TEXT_INITIAL("música"), TEXT_INITIAL("família"),
    TEXT_INITIAL("sábado")};
static const struct text portuguese_second[] = {
    TEXT_INITIAL("fácil"),   TEXT_INITIAL("brasil"),  TEXT_INITIAL("de_hoje"),
    TEXT_INITIAL("em_casa"), TEXT_INITIAL("feliz"),   TEXT_INITIAL("no_forró"),
    TEXT_INITIAL("viral"),   TEXT_INITIAL("da_vovó"), TEXT_INITIAL("comigo"),
    TEXT_INITIAL("e_pão")};

static const struct text french_first[] = {TEXT_INITIAL("été"),     TEXT_INITIAL("recette"),
                                           TEXT_INITIAL("rentrée"), TEXT_INITIAL("danse"),
                                           TEXT_INITIAL("soirée"),  TEXT_INITIAL("maman"),
                                           TEXT_INITIAL("humour"),  TEXT_INITIAL("cuisine"),
                                           TEXT_INITIAL("forêt"),   TEXT_INITIAL("voyage")};
static const struct text french_second[] = {
    TEXT_INITIAL("facile"),    TEXT_INITIAL("maison"), TEXT_INITIAL("française"),
    TEXT_INITIAL("de_noël"),   TEXT_INITIAL("àparis"), TEXT_INITIAL("drôle"),
    TEXT_INITIAL("enfamille"), TEXT_INITIAL("dusoir"), TEXT_INITIAL("rapide"),
    TEXT_INITIAL("étudiant")};

static const struct text german_first[] = {TEXT_INITIAL("sommer"),   TEXT_INITIAL("küchen"),
                                           TEXT_INITIAL("alltags"),  TEXT_INITIAL("herbst"),
                                           TEXT_INITIAL("fußball"),  TEXT_INITIAL("schul"),
                                           TEXT_INITIAL("garten"),   TEXT_INITIAL("grün"),
                                           TEXT_INITIAL("münchner"), TEXT_INITIAL("haustier")};
static const struct text german_second[] = {TEXT_INITIAL("rezept"), TEXT_INITIAL("tipps"),
                                            TEXT_INITIAL("liebe"),  TEXT_INITIAL("outfit"),
                                            TEXT_INITIAL("spaß"),   TEXT_INITIAL("freunde"),
                                            TEXT_INITIAL("tänze"),  TEXT_INITIAL("abend"),
                                            TEXT_INITIAL("größe"),  TEXT_INITIAL("glück")};

static const struct text turkish_first[] = {TEXT_INITIAL("güzel"), TEXT_INITIAL("bugün"),
                                            TEXT_INITIAL("yaz"),   TEXT_INITIAL("çocuk"),
                                            TEXT_INITIAL("kahve"), TEXT_INITIAL("akşam"),
                                            TEXT_INITIAL("kolay"), TEXT_INITIAL("şarkı"),
                                            TEXT_INITIAL("doğa"),  TEXT_INITIAL("istanbul")};
static const struct text turkish_second[] = {TEXT_INITIAL("günlüğü"), TEXT_INITIAL("tarifi"),
                                             TEXT_INITIAL("dansı"),   TEXT_INITIAL("keşfet"),
                                             TEXT_INITIAL("modası"),  TEXT_INITIAL("müziği"),
                                             TEXT_INITIAL("gezisi"),  TEXT_INITIAL("sevgisi"),
                                             TEXT_INITIAL("önerisi"), TEXT_INITIAL("şehri")};

static const struct text vietnamese_first[] = {
    TEXT_INITIAL("mùahè"),   TEXT_INITIAL("ănngon"), TEXT_INITIAL("dulịch"),
    TEXT_INITIAL("họcbài"),  TEXT_INITIAL("nhảy"),   TEXT_INITIAL("mèo"),
    TEXT_INITIAL("sáng"),    TEXT_INITIAL("phốcổ"),  TEXT_INITIAL("làmđẹp"),
    TEXT_INITIAL("gia_đình")};
static const struct text vietnamese_second[] = {
    TEXT_INITIAL("sàigòn"),   TEXT_INITIAL("hànội"),   TEXT_INITIAL("mỗingày"),
    TEXT_INITIAL("cùngbạn"),  TEXT_INITIAL("đơngiản"), TEXT_INITIAL("vuivẻ"),
    TEXT_INITIAL("cuốituần"), TEXT_INITIAL("xuhướng"), TEXT_INITIAL("tạinhà"),
    TEXT_INITIAL("đángyêu")};

static const struct text malay_first[] = {TEXT_INITIAL("resipi"), TEXT_INITIAL("masak"),
                                          TEXT_INITIAL("jalan"),  TEXT_INITIAL("cuti"),
                                          TEXT_INITIAL("raya"),   TEXT_INITIAL("kampung"),
                                          TEXT_INITIAL("pasar"),  TEXT_INITIAL("sekolah"),
                                          TEXT_INITIAL("bola"),   TEXT_INITIAL("kucing")};
static const struct text malay_second[] = {TEXT_INITIAL("mudah"),     TEXT_INITIAL("malaysia"),
                                           TEXT_INITIAL("nusantara"), TEXT_INITIAL("bersama"),
                                           TEXT_INITIAL("hariini"),   TEXT_INITIAL("viral"),
                                           TEXT_INITIAL("santai"),    TEXT_INITIAL("murah"),
                                           TEXT_INITIAL("keluarga"),  TEXT_INITIAL("kita")};

#define LANGUAGE(countries, name)                                                              \
    {                                                                                          \
        countries, LENGTH_OF(name##_first), name##_first, name##_second                        \
    }

/* The first SAMPLE_SCRIPT_COUNT are in scripts of their own. */
static const struct sample_language languages[] = {
    LANGUAGE("AE BH EG IQ JO KW LB MA OM QA SA ", arabic),
    LANGUAGE("JP ", japanese),
    LANGUAGE("KR ", korean),
    LANGUAGE("TH ", thai),
    LANGUAGE("BG BY KZ UA ", cyrillic),
    LANGUAGE("MO TW ", chinese),
    LANGUAGE("AR CL CO ES MX PE ", spanish),
    LANGUAGE("BR PT ", portuguese),
    LANGUAGE("BE FR LU ", french),
    LANGUAGE("AT CH DE ", german),
    LANGUAGE("TR ", turkish),
    LANGUAGE("VN ", vietnamese),
    LANGUAGE("ID MY SG ", malay),
};

static const struct text topics[INDUSTRY_COUNT - 1][SAMPLE_TOPICS] = {
    {TEXT_INITIAL("studywithme"), TEXT_INITIAL("collegelife"), TEXT_INITIAL("learnontiktok")},
    {TEXT_INITIAL("carsoftiktok"), TEXT_INITIAL("roadtrip"), TEXT_INITIAL("supercars")},
    {TEXT_INITIAL("momlife"), TEXT_INITIAL("babytok"), TEXT_INITIAL("toddlermom")},
    {TEXT_INITIAL("moneytips"), TEXT_INITIAL("investing101"), TEXT_INITIAL("savingschallenge")},
    {TEXT_INITIAL("skincareroutine"), TEXT_INITIAL("grwm"), TEXT_INITIAL("lipcombo")},
    {TEXT_INITIAL("techtok"), TEXT_INITIAL("pcsetup"), TEXT_INITIAL("unboxing")},
    {TEXT_INITIAL("hiddengems"), TEXT_INITIAL("backpacking"), TEXT_INITIAL("solotravel")},
    {TEXT_INITIAL("spotlesshome"), TEXT_INITIAL("homefinds"), TEXT_INITIAL("organizedhome")},
    {TEXT_INITIAL("dogsoftiktok"), TEXT_INITIAL("catsoftiktok"), TEXT_INITIAL("rescuepup")},
    {TEXT_INITIAL("diyhome"), TEXT_INITIAL("renovation"), TEXT_INITIAL("paintdrip")},
    {TEXT_INITIAL("ootd"), TEXT_INITIAL("secondhandstyle"), TEXT_INITIAL("streetwear")},
    {TEXT_INITIAL("filmtok"), TEXT_INITIAL("concertnight"), TEXT_INITIAL("breakingnews")},
    {TEXT_INITIAL("smallbusiness"), TEXT_INITIAL("packingorders"),
     TEXT_INITIAL("entrepreneur")},
    {TEXT_INITIAL("gamingsetup"), TEXT_INITIAL("speedrun"), TEXT_INITIAL("cozygames")},
    {TEXT_INITIAL("lifehack"), TEXT_INITIAL("weddingday"), TEXT_INITIAL("movingout")},
    {TEXT_INITIAL("foodtok"), TEXT_INITIAL("easydinner"), TEXT_INITIAL("streetfood")},
    {TEXT_INITIAL("matchday"), TEXT_INITIAL("runtok"), TEXT_INITIAL("deadliftpr")},
    {TEXT_INITIAL("mentalhealth"), TEXT_INITIAL("mealprep"), TEXT_INITIAL("morningyoga")},
};

static const struct text emoji[] = {TEXT_INITIAL("🔥🔥"),
                                    TEXT_INITIAL("❤️‍🔥outfit"),
                                    TEXT_INITIAL("💃🏽challenge"),
                                    TEXT_INITIAL("🎃season"),
                                    TEXT_INITIAL("🍜love"),
                                    TEXT_INITIAL("✨newchapter✨"),
                                    TEXT_INITIAL("🇲🇾fyp"),
                                    TEXT_INITIAL("🫶")};

static const struct text questions[] = {
    TEXT_INITIAL("whatsfordinner?"), TEXT_INITIAL("areyousure?"), TEXT_INITIAL("why?"),
    TEXT_INITIAL("wouldyourather?"), TEXT_INITIAL("isitcake?"),   TEXT_INITIAL("¿porqué?"),
    TEXT_INITIAL("本当に?"),         TEXT_INITIAL("guesswhat?")};

static const struct text nick_names[] = {TEXT_INITIAL("Mira"),
                                         TEXT_INITIAL("kai.films"),
                                         TEXT_INITIAL("❤️samira❤️"),
                                         TEXT_INITIAL("さくら"),
                                         TEXT_INITIAL("민지"),
                                         TEXT_INITIAL("user"),
                                         TEXT_INITIAL("Ana Lucía"),
                                         TEXT_INITIAL("Chef Tomás"),
                                         TEXT_INITIAL("ليلى"),
                                         TEXT_INITIAL("Дима"),
                                         TEXT_INITIAL("Nong Ploy"),
                                         TEXT_INITIAL("J. O'Neil"),
                                         TEXT_INITIAL("The \"Real\" Lee"),
                                         TEXT_INITIAL("runs_with_dogs"),
                                         TEXT_INITIAL("陳小美"),
                                         TEXT_INITIAL("Grünwald")};

const struct sample_language *sample_language_of(struct text country_code)
{
    for (size_t i = 0; i < LENGTH_OF(languages); i++) {
        struct text codes = text_of(languages[i].countries);
        while (codes.length > 0)
            if (text_equals(text_cut(&codes, ' '), country_code))
                return &languages[i];
    }
    return &sample_english;
}

const struct sample_language *sample_script_at(unsigned index)
{
    check(index < SAMPLE_SCRIPT_COUNT);
    return &languages[index];
}

struct text sample_topic(unsigned industry, uint64_t choice)
{
    check(industry != INDUSTRY_ALL && industry < INDUSTRY_COUNT);
    return topics[industry - 1][choice % SAMPLE_TOPICS];
}

struct text sample_emoji(uint64_t choice)
{
    return emoji[choice % LENGTH_OF(emoji)];
}

struct text sample_question(uint64_t choice)
{
    return questions[choice % LENGTH_OF(questions)];
}

struct text sample_nick_name(uint64_t choice)
{
    return nick_names[choice % LENGTH_OF(nick_names)];
}
