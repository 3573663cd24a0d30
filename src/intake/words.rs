//! Words that apps and spreadsheets put into files, in the languages that they speak.

use ledger::Unit;

const ACCENTED: [(char, &str); 26] = [
    ('a', "áàâäãåāăą"),
    ('c', "çćčĉ"),
    ('d', "ďđð"),
    ('e', "éèêëēėęě"),
    ('g', "ğģ"),
    ('i', "íìîïīįı"),
    ('k', "ķ"),
    ('l', "łľļĺ"),
    ('n', "ñńňņ"),
    ('o', "óòôöõøōő"),
    ('r', "řŕ"),
    ('s', "śšşș"),
    ('t', "ťţț"),
    ('u', "úùûüūůűų"),
    ('y', "ýÿ"),
    ('z', "źżž"),
    ('α', "ά"),
    ('ε', "έ"),
    ('η', "ή"),
    ('ι', "ίϊΐ"),
    ('ο', "ό"),
    ('υ', "ύϋΰ"),
    ('ω', "ώ"),
    ('σ', "ς"),
    ('е', "ё"),
    ('и', "ї"),
];

/// In lower case and without accents, every kind of space as a space.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars().flat_map(char::to_lowercase) {
        match c {
            '\u{300}'..='\u{36f}' | '\u{200e}' | '\u{200f}' | '\u{feff}' => {}
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            c if c.is_whitespace() => out.push(' '),
            c => out.push(ACCENTED.iter().find(|(_, with)| with.contains(c)).map_or(c, |(base, _)| *base)),
        }
    }
    out
}

/// Whether `text` (as `plain` makes it) has one of the stems. A short Latin one has to begin a word.
pub(crate) fn has(text: &str, stems: &[&str]) -> bool {
    let words = || text.split(|c: char| !c.is_alphanumeric());
    stems.iter().any(|stem| {
        if stem.is_ascii() && stem.len() < 5 { words().any(|word| word.starts_with(stem)) } else { text.contains(stem) }
    })
}

pub(crate) const NOTE: &[&str] = &[
    "note",
    "notas",
    "nota",
    "notiz",
    "notat",
    "notit",
    "notlar",
    "anteckn",
    "muistiin",
    "uwag",
    "замет",
    "замiт",
    "заміт",
    "нотат",
    "примеч",
    "メモ",
    "ノート",
    "备注",
    "备注",
    "笔记",
    "備註",
    "備考",
    "筆記",
    "메모",
    "노트",
    "opmerk",
    "poznam",
    "megjegy",
    "remarq",
    "comment",
    "coment",
    "kommentar",
    "observ",
    "σημειωσ",
    "catatan",
    "ghi chu",
    "bemerk",
];
pub(crate) const DURATION: &[&str] = &[
    "duration",
    "dauer",
    "duree",
    "duracion",
    "duracio",
    "durata",
    "duracao",
    "duur",
    "varaktighet",
    "varighed",
    "varighet",
    "kesto",
    "czas trwania",
    "длител",
    "продолж",
    "триваліст",
    "sure",
    "時間",
    "时间",
    "时长",
    "時長",
    "시간",
    "delka",
    "trvani",
    "dlzka",
    "idotartam",
    "διαρκ",
    "durasi",
    "thoi luong",
];
pub(crate) const UNIT: &[&str] = &[
    "unit",
    "einheit",
    "unidad",
    "eenheid",
    "enhet",
    "enhed",
    "yksik",
    "jednostk",
    "единиц",
    "одиниц",
    "birim",
    "単位",
    "单位",
    "單位",
    "단위",
    "jednotk",
    "mertekegys",
    "μοναδ",
    "satuan",
    "don vi",
];
pub(crate) const WEIGHT: &[&str] = &[
    "weight",
    "gewicht",
    "poids",
    "peso",
    "vikt",
    "vaegt",
    "vekt",
    "paino",
    "ciezar",
    "waga",
    "вес",
    "вага",
    "agirlik",
    "kilo",
    "greutate",
    "suly",
    "hmotnost",
    "vaha",
    "βαρος",
    "重量",
    "重さ",
    "무게",
    "중량",
    "carga",
    "carico",
    "charge",
    "berat",
    "trong luong",
    "pes",
];
pub(crate) const DISTANCE: &[&str] = &[
    "dist",
    "entfern",
    "strecke",
    "afstand",
    "avstand",
    "etaisyy",
    "matka",
    "dystans",
    "odleglosc",
    "расст",
    "дист",
    "відст",
    "mesafe",
    "距离",
    "距離",
    "거리",
    "tavolsag",
    "vzdalenost",
    "αποστ",
    "jarak",
    "khoang cach",
];
pub(crate) const SECONDS: &[&str] = &[
    "second",
    "sekund",
    "sekunt",
    "segund",
    "saniye",
    "sec",
    "sek",
    "seg",
    "секунд",
    "秒",
    "초",
    "masodperc",
    "δευτερ",
    "detik",
    "giay",
    "segon",
];
pub(crate) const ORDER: &[&str] = &[
    "order",
    "reihenfolge",
    "orden",
    "ordre",
    "ordine",
    "ordem",
    "volgorde",
    "ordning",
    "raekkefolge",
    "rekkefolge",
    "jarjestys",
    "kolejn",
    "поряд",
    "sira",
    "順",
    "顺序",
    "순서",
    "sorrend",
    "poradi",
    "ordin",
    "ordre",
    "σειρα",
    "urutan",
    "thu tu",
    "satznummer",
];
pub(crate) const REPS: &[&str] = &[
    "rep",
    "ripet",
    "wiederh",
    "wdh",
    "herhal",
    "powt",
    "повт",
    "tekrar",
    "toist",
    "gjenta",
    "gentag",
    "upprep",
    "回数",
    "次数",
    "次數",
    "レップ",
    "횟수",
    "반복",
    "επαναλ",
    "ismetl",
    "opak",
    "ulangan",
];
pub(crate) const EXERCISE: &[&str] = &[
    "exerc",
    "ejerc",
    "eserc",
    "ubung",
    "uebung",
    "ovning",
    "ovelse",
    "oefening",
    "liike",
    "liikk",
    "cwicz",
    "упражн",
    "вправ",
    "egzersiz",
    "hareket",
    "種目",
    "動作",
    "动作",
    "エクササイズ",
    "gyakorlat",
    "cvik",
    "cvic",
    "ασκησ",
    "latihan",
    "bai tap",
];
pub(crate) const DATE: &[&str] = &["dat", "fech", "paiv", "tarih", "дата", "日付", "日期", "날짜", "ημερ", "ngay", "tanggal"];
pub(crate) const WORKOUT: &[&str] = &[
    "workout",
    "training",
    "entrain",
    "seance",
    "sesion",
    "sessao",
    "session",
    "entren",
    "allen",
    "treino",
    "trening",
    "traning",
    "treeni",
    "harjoit",
    "тренир",
    "тренув",
    "antren",
    "ワークアウト",
    "トレーニング",
    "训练",
    "訓練",
    "锻炼",
    "鍛錬",
    "edzes",
    "trenink",
    "προπον",
    "einheit",
    "pass",
];

pub(crate) const REST: &[&str] = &[
    "rest",
    "ruhe",
    "paus",
    "descanso",
    "repos",
    "ripos",
    "rust",
    "vila",
    "hvile",
    "lepo",
    "отдых",
    "відпоч",
    "dinlen",
    "休憩",
    "休息",
    "휴식",
    "przerw",
    "odpocz",
    "odpoc",
    "pihen",
];
pub(crate) const WARM_UP: &[&str] = &[
    "warm",
    "aufw",
    "echauf",
    "calent",
    "riscald",
    "aquec",
    "opwarm",
    "uppvarm",
    "opvarm",
    "oppvarm",
    "lammit",
    "rozgrz",
    "разм",
    "isinma",
    "ウォーム",
    "热身",
    "熱身",
    "워밍",
];
pub(crate) const DROP: &[&str] = &["drop", "дроп", "ドロップ", "드롭"];
pub(crate) const FAILURE: &[&str] = &["fail", "versagen", "echec", "fallo", "cediment", "falha", "отказ"];

/// Hours, minutes and seconds as words or letters, as `plain` makes them.
pub(crate) fn time_unit_ms(word: &str) -> Option<i64> {
    const HOURS: &[&str] = &[
        "h",
        "hr",
        "hrs",
        "std",
        "stunde",
        "stunden",
        "u",
        "uur",
        "uren",
        "ч",
        "час",
        "годин",
        "год",
        "t",
        "tim",
        "timer",
        "timmar",
        "godz",
        "g",
        "sa",
        "saat",
        "ώρες",
        "ω",
        "時間",
        "时",
        "時",
        "小时",
        "小時",
        "시간",
        "ora",
        "ore",
        "hodin",
        "ora",
        "jam",
        "gio",
        "tunti",
    ];
    const MINUTES: &[&str] = &["m", "μ", "λ", "м", "хв", "dk", "dak", "p", "perc", "分", "分钟", "分鐘", "분", "phut", "menit"];
    const SECONDS: &[&str] = &["s", "с", "sn", "mp", "δ", "秒", "秒钟", "초"];
    let starts = |stems: &[&str]| stems.iter().any(|stem| word.starts_with(stem));
    if SECONDS.contains(&word) || starts(&["sec", "sek", "seg", "сек"]) {
        Some(1_000)
    } else if MINUTES.contains(&word) || starts(&["min", "мин", "λεπ", "dakika"]) {
        Some(60_000)
    } else if HOURS.contains(&word) || starts(&["hour", "heure", "hora", "час"]) {
        Some(3_600_000)
    } else {
        None
    }
}

pub(crate) fn mass(text: &str) -> Option<Unit> {
    let text = plain(text);
    let text = text.trim_matches(|c: char| !c.is_alphanumeric());
    match text {
        "kg" | "kgs" | "кг" | "公斤" | "千克" | "キロ" => Some(Unit::Kg),
        "lb" | "lbs" | "фунт" | "фунты" | "磅" | "ポンド" => Some(Unit::Lb),
        _ if has(text, &["kilog", "килог"]) || text == "kilo" || text == "kilos" => Some(Unit::Kg),
        _ if has(text, &["pound", "pfund", "libra", "livre"]) => Some(Unit::Lb),
        _ => None,
    }
}

/// What a distance is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    Km,
    Mile,
    Metre,
    Yard,
    Foot,
}

pub(crate) fn length(text: &str) -> Option<Length> {
    let text = plain(text);
    match text.trim_matches(|c: char| !c.is_alphanumeric()) {
        "km" | "kms" | "км" | "公里" => Some(Length::Km),
        "mi" | "mis" | "ml" | "mls" | "мили" | "英里" => Some(Length::Mile),
        "m" | "mtr" | "м" | "米" => Some(Length::Metre),
        "yd" | "yds" => Some(Length::Yard),
        "ft" | "feet" | "foot" => Some(Length::Foot),
        text if has(text, &["kilom", "килом"]) => Some(Length::Km),
        text if has(text, &["mile", "meile", "milla", "milh", "migl", "mijl"]) => Some(Length::Mile),
        text if has(text, &["metre", "meter", "metro", "metri", "метр"]) => Some(Length::Metre),
        text if has(text, &["yard"]) => Some(Length::Yard),
        _ => None,
    }
}

/// Full names of the months as `plain` makes them, from January; a file shortens them as it likes. After `/` stand
/// abbreviations that are no beginning of the name.
pub(crate) const MONTHS: [&str; 22] = [
    "january february march april may june july august september october november december",
    "januar februar marz april mai juni juli august september oktober november dezember",
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre/setiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart/mrt april mei juni juli augustus september oktober november december",
    "stycznia/styczen lutego/luty marca/marzec kwietnia/kwiecien maja czerwca/czerwiec lipca/lipiec sierpnia/sierpien wrzesnia/wrzesien pazdziernika listopada grudnia/grudzien",
    "января/январь февраля/февраль марта апреля/апрель мая/май июня/июнь июля/июль августа сентября/сентябрь октября/октябрь ноября/ноябрь декабря/декабрь",
    "ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januar februar marts april maj juni juli august september oktober november december",
    "januar februar mars april mai juni juli august september oktober november desember",
    "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesakuuta heinakuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta",
    "ledna/leden unora/unor brezna/brezen dubna/duben kvetna/kveten cervna/cvn/cerven cervence/cvc/cervenec srpna/srpen zari rijna/rijen listopadu prosince/prosinec",
    "januar februar marcius aprilis majus junius julius augusztus szeptember oktober november december",
    "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "ιανουαριου φεβρουαριου μαρτιου απριλιου μαιου ιουνιου ιουλιου αυγουστου σεπτεμβριου οκτωβριου νοεμβριου δεκεμβριου",
    "january februari maret april mei juni juli agustus/agt september oktober november desember",
    "сiчня/січня лютого березня квiтня/квітня травня червня липня серпня вересня жовтня листопада грудня",
    "gener febrer marc abril maig juny juliol agost setembre octubre novembre desembre",
    "januara/januar februara/februar marca/marec aprila/april maja/maj juna/jun jula/jul augusta/august septembra/september oktobra/oktober novembra/november decembra/december",
];

/// The month that a word is in a language: from one, and only where it can be no other.
pub(crate) fn month(word: &str, language: usize) -> Option<u32> {
    let matches = |name: &str| {
        let mut names = name.split('/');
        let full = names.next().unwrap_or_default();
        let begins = |name: &str| 3 <= word.chars().count() && name.starts_with(word);
        begins(full) || names.any(|other| other == word || begins(other))
    };
    let mut found = MONTHS[language].split(' ').enumerate().filter(|(_, name)| matches(name));
    let (at, _) = found.next()?;
    // `mai` is the beginning of nothing else, `ma` may be two.
    let exact = |(_, name): (usize, &str)| name.split('/').any(|name| name == word);
    match found.next() {
        None => Some(at as u32 + 1),
        Some(_) => {
            let mut exactly = MONTHS[language].split(' ').enumerate().filter(|it| exact(*it));
            exactly.next().filter(|_| exactly.next().is_none()).map(|(at, _)| at as u32 + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_told_apart_in_every_language() {
        let language = |first: &str| MONTHS.iter().position(|names| names.contains(first)).expect("a language");
        let cases = [
            ("janvier", "janv fevr mars avr mai juin juil aout sept oct nov dec"),
            ("dezember", "jan feb mar apr mai jun jul aug sep okt nov dez"),
            ("enero", "ene feb mar abr may jun jul ago sept oct nov dic"),
            ("maart", "jan feb mrt apr mei jun jul aug sep okt nov dec"),
            ("stycznia", "sty lut mar kwi maj cze lip sie wrz paz lis gru"),
            ("ocak", "oca sub mar nis may haz tem agu eyl eki kas ara"),
            ("января", "янв февр мар апр мая июн июл авг сент окт нояб дек"),
            ("tammikuuta", "tammik helmik maalisk huhtik toukok kesak heinak elok syysk lokak marrask jouluk"),
            ("ledna", "led uno bre dub kve cvn cvc srp zar rij lis pro"),
        ];
        for (first, words) in cases {
            for (at, word) in words.split(' ').enumerate() {
                assert_eq!(month(word, language(first)), Some(at as u32 + 1), "{word}");
            }
        }
        assert_eq!(month("jui", language("janvier")), None, "June or July");
        assert!(MONTHS.iter().all(|names| names.split(' ').count() == 12));
    }
}
