//! Times at the edges of clocks, calendars, zones and layouts, each call checked against OPA 1.7.1.
//!
//! The answers are the same in several editions of the time zone database.

use super::{call, missing_failures, wrong_answers};
use crate::value::Value;

/// A function, its arguments, and its result as JSON.
const CASES: &[(&str, &str, &str)] = &[
    (
        "time.format",
        r#"[[-9223372036854775808, "UTC", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""1677-09-21 00:12:43.145 Z UTC""#,
    ),
    (
        "time.format",
        r#"[[9223372036854775807, "UTC", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2262-04-11 23:47:16.854 Z UTC""#,
    ),
    (
        "time.format",
        r#"[[-9223372036854775808, "Europe/Berlin", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""1677-09-21 01:06:11.145 +00:53:28 LMT""#,
    ),
    (
        "time.format",
        r#"[[9223372036854775807, "Europe/Berlin", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2262-04-12 01:47:16.854 +02:00:00 CEST""#,
    ),
    (
        "time.format",
        r#"[[9223372036854775807, "America/Santiago", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2262-04-11 19:47:16.854 -04:00:00 -04""#,
    ),
    (
        "time.format",
        r#"[[1616893199000000000, "Europe/Berlin", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2021-03-28 01:59:59 +01:00:00 CET""#,
    ),
    (
        "time.format",
        r#"[[1616893200000000000, "Europe/Berlin", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2021-03-28 03:00:00 +02:00:00 CEST""#,
    ),
    (
        "time.format",
        r#"[[1635641999999999999, "Europe/Berlin", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2021-10-31 02:59:59.999 +02:00:00 CEST""#,
    ),
    (
        "time.format",
        r#"[[1635642000000000000, "Europe/Berlin", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2021-10-31 02:00:00 +01:00:00 CET""#,
    ),
    (
        "time.format",
        r#"[[7000000000000000000, "America/New_York", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2191-10-27 08:26:40 -04:00:00 EDT""#,
    ),
    (
        "time.format",
        r#"[[0, "Africa/Monrovia", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""1969-12-31 23:15:30 -00:44:30 MMT""#,
    ),
    (
        "time.format",
        r#"[[0, "Europe/Dublin", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""1970-01-01 01:00:00 +01:00:00 IST""#,
    ),
    (
        "time.format",
        r#"[[1577934245000000000, "Asia/Kathmandu", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2020-01-02 08:49:05 +05:45:00 +0545""#,
    ),
    (
        "time.format",
        r#"[[1577934245000000000, "America/Sao_Paulo", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2020-01-02 00:04:05 -03:00:00 -03""#,
    ),
    (
        "time.format",
        r#"[[1577934245000000000, "Etc/GMT+5", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2020-01-01 22:04:05 -05:00:00 -05""#,
    ),
    (
        "time.format",
        r#"[[1577934245000000000, "Pacific/Kiritimati", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2020-01-02 17:04:05 +14:00:00 +14""#,
    ),
    (
        "time.format",
        r#"[[1318600000000000000, "Pacific/Apia", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2011-10-14 03:46:40 -10:00:00 -10""#,
    ),
    (
        "time.format",
        r#"[[1325239199000000000, "Pacific/Apia", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2011-12-29 23:59:59 -10:00:00 -10""#,
    ),
    (
        "time.format",
        r#"[[1325239200000000000, "Pacific/Apia", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2011-12-31 00:00:00 +14:00:00 +14""#,
    ),
    (
        "time.format",
        r#"[[1577934245000000000, "Factory", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2020-01-02 03:04:05 Z -00""#,
    ),
    (
        "time.format",
        r#"[[1577934245000000000, "Local", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2020-01-02 03:04:05 Z UTC""#,
    ),
    (
        "time.format",
        r#"[[1577934245000000000, "", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""2020-01-02 03:04:05 Z UTC""#,
    ),
    (
        "time.format",
        r#"[[-9223372036854775808, "Africa/Abidjan", "2006-01-02 15:04:05.999 Z07:00:00 MST"]]"#,
        r#""1677-09-20 23:56:35.145 -00:16:08 LMT""#,
    ),
    (
        "time.format",
        r#"[[1577934245123456789, "America/St_Johns", "06 1 Jan January 2 _2 __2 002 Mon Monday"]]"#,
        r#""20 1 Jan January 1  1   1 001 Wed Wednesday""#,
    ),
    (
        "time.format",
        r#"[[1577934245123456789, "America/St_Johns", "15 3 03 4 5 PM pm .0 ,99 05.0000000000000 _2006"]]"#,
        r#""23 11 11 34 5 PM pm .1 ,12 05.123456789 _2020""#,
    ),
    (
        "time.format",
        r#"[[1577923200000000000, "UTC", "3PM 03pm"]]"#,
        r#""12AM 12am""#,
    ),
    (
        "time.format",
        r#"[[1577880000000000000, "UTC", "3PM 03pm"]]"#,
        r#""12PM 12pm""#,
    ),
    (
        "time.format",
        r#"[[0, "UTC", "Z Z07 -07 Janx Monday MSTMST .000x .0001 .9"]]"#,
        r#""Z Z +00 Janx Thursday UTCUTC .000x .0001 ""#,
    ),
    (
        "time.format",
        r#"[[1, "UTC", ""]]"#,
        r#""1970-01-01T00:00:00.000000001Z""#,
    ),
    (
        "time.add_date",
        r#"[1580428800000000000, 0, 1, 0]"#,
        r#"1583107200000000000"#,
    ),
    (
        "time.add_date",
        r#"[1709164800000000000, 1, 0, 0]"#,
        r#"1740787200000000000"#,
    ),
    (
        "time.add_date",
        r#"[1709164800000000000, -1, 0, 0]"#,
        r#"1677628800000000000"#,
    ),
    ("time.add_date", r#"[0, 0, -1, 0]"#, r#"-2678400000000000"#),
    ("time.add_date", r#"[0, 0, 0, -1]"#, r#"-86400000000000"#),
    (
        "time.add_date",
        r#"[1577934245123456789, 1000000, -12000000, 0]"#,
        r#"1577934245123456789"#,
    ),
    (
        "time.add_date",
        r#"[9223372036854775807, 999999, 0, -365242135]"#,
        r#"9223372036854775807"#,
    ),
    ("time.add_date", r#"[0, 300000000, -3600000000, 0]"#, r#"0"#),
    (
        "time.add_date",
        r#"[9223372036854775807, 0, 0, 0]"#,
        r#"9223372036854775807"#,
    ),
    (
        "time.add_date",
        r#"[-9223372036854775808, 0, 0, 0]"#,
        r#"-9223372036854775808"#,
    ),
    (
        "time.add_date",
        r#"[[1616805000000000000, "Europe/Berlin"], 0, 0, 1]"#,
        r#"1616891400000000000"#,
    ),
    (
        "time.add_date",
        r#"[[1616887800000000000, "Europe/Berlin"], 0, 0, 1]"#,
        r#"1616970600000000000"#,
    ),
    (
        "time.add_date",
        r#"[[1635553800000000000, "Europe/Berlin"], 0, 0, 1]"#,
        r#"1635643800000000000"#,
    ),
    (
        "time.add_date",
        r#"[[1635636600000000000, "Europe/Berlin"], 0, 0, 0]"#,
        r#"1635636600000000000"#,
    ),
    (
        "time.add_date",
        r#"[[1635728400000000000, "Europe/Berlin"], 0, 0, -1]"#,
        r#"1635642000000000000"#,
    ),
    (
        "time.add_date",
        r#"[[1615617000000000000, "America/New_York"], 0, 0, 1]"#,
        r#"1615703400000000000"#,
    ),
    (
        "time.add_date",
        r#"[[1636176600000000000, "America/New_York"], 0, 0, 1]"#,
        r#"1636263000000000000"#,
    ),
    (
        "time.add_date",
        r#"[[1325084400000000000, "Pacific/Apia"], 0, 0, 2]"#,
        r#"1325170800000000000"#,
    ),
    (
        "time.add_date",
        r#"[[1606266000000000000, "Europe/Dublin"], 0, 0, -31]"#,
        r#"1603587600000000000"#,
    ),
    (
        "time.add_date",
        r#"[[1617377400000000000, "Australia/Lord_Howe"], 0, 0, 1]"#,
        r#"1617465600000000000"#,
    ),
    (
        "time.add_date",
        r#"[[1633101300000000000, "Australia/Lord_Howe"], 0, 0, 1]"#,
        r#"1633187700000000000"#,
    ),
    (
        "time.clock",
        r#"[[1616893199000000000, "Europe/Berlin"]]"#,
        r#"[1,59,59]"#,
    ),
    (
        "time.date",
        r#"[[1616893199000000000, "Europe/Berlin"]]"#,
        r#"[2021,3,28]"#,
    ),
    (
        "time.weekday",
        r#"[[1616893199000000000, "Europe/Berlin"]]"#,
        r#""Sunday""#,
    ),
    (
        "time.clock",
        r#"[[1616893200000000000, "Europe/Berlin"]]"#,
        r#"[3,0,0]"#,
    ),
    (
        "time.date",
        r#"[[1616893200000000000, "Europe/Berlin"]]"#,
        r#"[2021,3,28]"#,
    ),
    (
        "time.weekday",
        r#"[[1616893200000000000, "Europe/Berlin"]]"#,
        r#""Sunday""#,
    ),
    (
        "time.clock",
        r#"[[-9223372036854775808, "UTC"]]"#,
        r#"[0,12,43]"#,
    ),
    (
        "time.date",
        r#"[[-9223372036854775808, "UTC"]]"#,
        r#"[1677,9,21]"#,
    ),
    (
        "time.weekday",
        r#"[[-9223372036854775808, "UTC"]]"#,
        r#""Tuesday""#,
    ),
    (
        "time.clock",
        r#"[[9223372036854775807, "Asia/Tokyo"]]"#,
        r#"[8,47,16]"#,
    ),
    (
        "time.date",
        r#"[[9223372036854775807, "Asia/Tokyo"]]"#,
        r#"[2262,4,12]"#,
    ),
    (
        "time.weekday",
        r#"[[9223372036854775807, "Asia/Tokyo"]]"#,
        r#""Saturday""#,
    ),
    (
        "time.clock",
        r#"[[-1, "America/New_York"]]"#,
        r#"[18,59,59]"#,
    ),
    (
        "time.date",
        r#"[[-1, "America/New_York"]]"#,
        r#"[1969,12,31]"#,
    ),
    (
        "time.weekday",
        r#"[[-1, "America/New_York"]]"#,
        r#""Wednesday""#,
    ),
    ("time.date", r#"[[1]]"#, r#"[1970,1,1]"#),
    ("time.clock", r#"[1577934245999999999]"#, r#"[3,4,5]"#),
    (
        "time.weekday",
        r#"[[1577934245000000000, "UTC", "RFC3339", "more"]]"#,
        r#""Thursday""#,
    ),
    (
        "time.diff",
        r#"[0, 9223372036854775807]"#,
        r#"[292,3,10,23,47,16]"#,
    ),
    (
        "time.diff",
        r#"[9223372036854775807, -9223372036854775808]"#,
        r#"[584,6,20,23,34,33]"#,
    ),
    (
        "time.diff",
        r#"[[0, "Europe/Berlin"], [1577934245000000000, "America/New_York"]]"#,
        r#"[50,0,1,3,4,5]"#,
    ),
    (
        "time.diff",
        r#"[[1635641940000000000, "Europe/Berlin"], [1635642060000000000, "Europe/Berlin"]]"#,
        r#"[-1,11,30,23,2,0]"#,
    ),
    (
        "time.diff",
        r#"[1635641940000000000, [1635642060000000000, "Europe/Berlin"]]"#,
        r#"[0,0,0,0,2,0]"#,
    ),
    (
        "time.diff",
        r#"[[1635642060000000000, "Europe/Berlin"], 1635641940000000000]"#,
        r#"[-1,11,30,23,2,0]"#,
    ),
    (
        "time.diff",
        r#"[[1616893199000000000, "Europe/Berlin"], [1616893200000000000, "Europe/Berlin"]]"#,
        r#"[0,0,0,1,0,1]"#,
    ),
    (
        "time.diff",
        r#"[1580428800000000000, 1582934400000000000]"#,
        r#"[0,0,29,0,0,0]"#,
    ),
    (
        "time.diff",
        r#"[1582934400000000000, 1580428800000000000]"#,
        r#"[0,0,29,0,0,0]"#,
    ),
    (
        "time.diff",
        r#"[1675123200000000000, 1677628800000000000]"#,
        r#"[0,1,1,0,0,0]"#,
    ),
    (
        "time.diff",
        r#"[1577934245999999999, 1577934246000000000]"#,
        r#"[0,0,0,0,0,1]"#,
    ),
    (
        "time.diff",
        r#"[1577934245000000000, 1577934245999999999]"#,
        r#"[0,0,0,0,0,0]"#,
    ),
    (
        "time.diff",
        r#"[[1609372800000000000, "Asia/Kolkata"], 1614556800000000000]"#,
        r#"[0,2,1,0,0,0]"#,
    ),
    ("time.diff", r#"[5, 5]"#, r#"[0,0,0,0,0,0]"#),
    ("time.parse_duration_ns", r#"["1h30m"]"#, r#"5400000000000"#),
    ("time.parse_duration_ns", r#"["1.5h"]"#, r#"5400000000000"#),
    ("time.parse_duration_ns", r#"["-2us"]"#, r#"-2000"#),
    ("time.parse_duration_ns", r#"["+5s"]"#, r#"5000000000"#),
    ("time.parse_duration_ns", r#"["0"]"#, r#"0"#),
    ("time.parse_duration_ns", r#"["-0"]"#, r#"0"#),
    ("time.parse_duration_ns", r#"["+0"]"#, r#"0"#),
    ("time.parse_duration_ns", r#"["0h"]"#, r#"0"#),
    ("time.parse_duration_ns", r#"[".5s"]"#, r#"500000000"#),
    ("time.parse_duration_ns", r#"["1.s"]"#, r#"1000000000"#),
    ("time.parse_duration_ns", r#"["1µs1μs1us"]"#, r#"3000"#),
    ("time.parse_duration_ns", r#"["0.5ns"]"#, r#"0"#),
    ("time.parse_duration_ns", r#"["-1.9ns"]"#, r#"-1"#),
    (
        "time.parse_duration_ns",
        r#"["2562047h47m16.854775807s"]"#,
        r#"9223372036854775807"#,
    ),
    (
        "time.parse_duration_ns",
        r#"["-2562047h47m16.854775808s"]"#,
        r#"-9223372036854775808"#,
    ),
    (
        "time.parse_duration_ns",
        r#"["9223372036854775807ns"]"#,
        r#"9223372036854775807"#,
    ),
    (
        "time.parse_duration_ns",
        r#"["-9223372036854775808ns"]"#,
        r#"-9223372036854775808"#,
    ),
    (
        "time.parse_duration_ns",
        r#"["0.3333333333333333333h"]"#,
        r#"1200000000000"#,
    ),
    (
        "time.parse_duration_ns",
        r#"["0.9223372036854775808h"]"#,
        r#"3320413933267"#,
    ),
    (
        "time.parse_duration_ns",
        r#"["0.100000000000000000000h"]"#,
        r#"360000000000"#,
    ),
    (
        "time.parse_duration_ns",
        r#"["0.0000000000000000000000001h"]"#,
        r#"0"#,
    ),
    (
        "time.parse_duration_ns",
        r#"["39h9m14.425s"]"#,
        r#"140954425000000"#,
    ),
    (
        "time.parse_duration_ns",
        r#"["9007199254740993ns"]"#,
        r#"9007199254740993"#,
    ),
    (
        "time.parse_duration_ns",
        r#"["000000000000000000000000001s"]"#,
        r#"1000000000"#,
    ),
    (
        "time.parse_duration_ns",
        r#"["-4611686018427387904ns4611686018427387904ns"]"#,
        r#"-9223372036854775808"#,
    ),
    (
        "time.parse_duration_ns",
        r#"["9223372036854775808ns9223372036854775808ns"]"#,
        r#"0"#,
    ),
    (
        "time.parse_duration_ns",
        r#"["5.0s5.6ms"]"#,
        r#"5005600000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006-01-02 15:04:05.999999999 -0700 MST", "1906-01-02 19:16:30.29279985 +0100 CET"]"#,
        r#"-2019534209707200150"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 -0700 MST", "2020 +0300 UTC"]"#,
        r#"1577836800000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 MST", "2020 GMT+3"]"#,
        r#"1577836800000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 MST", "2020 +03"]"#,
        r#"1577836800000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 MST", "2020 ChST"]"#,
        r#"1577836800000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 MST", "2020 WITA"]"#,
        r#"1577836800000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 Z07:00:00", "2020 -00:00:01"]"#,
        r#"1577836800000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 Z07:00", "2020 +00:60"]"#,
        r#"1577833200000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 -0700", "2020 +2400"]"#,
        r#"1577750400000000000"#,
    ),
    ("time.parse_ns", r#"["06", "69"]"#, r#"-31536000000000000"#),
    ("time.parse_ns", r#"["06", "68"]"#, r#"3092601600000000000"#),
    ("time.parse_ns", r#"["06", "-1"]"#, r#"915148800000000000"#),
    (
        "time.parse_ns",
        r#"["2006", "1678"]"#,
        r#"-9214560000000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 002", "2020 366"]"#,
        r#"1609372800000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 002 01", "2020 060 02"]"#,
        r#"1582934400000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 __2", "2020   7"]"#,
        r#"1578355200000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 3PM", "2020 12AM"]"#,
        r#"1577836800000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 3PM", "2020 12PM"]"#,
        r#"1577880000000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 PM3PM", "2020 PM1AM"]"#,
        r#"1577883600000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 5", "2020 5,5"]"#,
        r#"1577836805500000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 05x.000", "2020 05x.123"]"#,
        r#"1577836805123000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 05.999", "2020 05.1234567891"]"#,
        r#"1577836805123456789"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 .000000000000", "2020 .123456789xyz"]"#,
        r#"1577836800123456789"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 Jan", "2020 fEB"]"#,
        r#"1580515200000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 Jan _2", "2020 Feb 29"]"#,
        r#"1582934400000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006 a b", "2020 a   b"]"#,
        r#"1577836800000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["2006   ", "2020"]"#,
        r#"1577836800000000000"#,
    ),
    (
        "time.parse_ns",
        r#"["RFC3339", "2262-04-11T23:47:16.854775807Z"]"#,
        r#"9223372036854775807"#,
    ),
    (
        "time.parse_ns",
        r#"["RFC3339", "1677-09-21T00:12:43.145224192Z"]"#,
        r#"-9223372036854775808"#,
    ),
    (
        "time.parse_ns",
        r#"["RFC3339", "2020-01-02T03:04:05,5+24:00"]"#,
        r#"1577847845500000000"#,
    ),
    (
        "time.parse_ns",
        r#"["RFC3339Nano", "2020-01-02T3:04:05Z"]"#,
        r#"1577934245000000000"#,
    ),
];

/// A function and arguments for which it has no result.
const FAILURES: &[(&str, &str)] = &[
    ("time.clock", r#"[[0, "utc"]]"#),
    ("time.clock", r#"[[0, "europe/berlin"]]"#),
    ("time.clock", r#"[[0, "Europe/berlin"]]"#),
    ("time.clock", r#"[[0, "Etc/Unknown"]]"#),
    ("time.clock", r#"[[0, "etc/unknown"]]"#),
    ("time.clock", r#"[[0, "EUROPE/BERLIN"]]"#),
    ("time.clock", r#"[[0, "+01:00"]]"#),
    ("time.clock", r#"[[0, "<-03>3"]]"#),
    ("time.clock", r#"[[0, "EST5EDT,M3.2.0,M11.1.0"]]"#),
    ("time.clock", r#"[[0, "Europe/Berlin "]]"#),
    ("time.clock", r#"[[0, "../UTC"]]"#),
    ("time.clock", r#"[[0, "Nowhere/X"]]"#),
    ("time.clock", r#"[[0, "Europe"]]"#),
    ("time.clock", r#"[[0, "é"]]"#),
    ("time.clock", r#"[[0, "local"]]"#),
    ("time.format", r#"[null]"#),
    ("time.format", r#"["x"]"#),
    ("time.format", r#"[[]]"#),
    ("time.format", r#"[[1, 2]]"#),
    ("time.format", r#"[["1", "UTC"]]"#),
    ("time.format", r#"[[1, "UTC", 3]]"#),
    ("time.format", r#"[1.5]"#),
    ("time.format", r#"[9223372036854775808]"#),
    ("time.format", r#"[[-9223372036854775809, "UTC"]]"#),
    ("time.format", r#"[1000000000000000000000000000000]"#),
    ("time.format", r#"[{"a": 1}]"#),
    ("time.diff", r#"[null, 0]"#),
    ("time.diff", r#"[0, null]"#),
    ("time.date", r#"[null]"#),
    ("time.clock", r#"[null]"#),
    ("time.weekday", r#"[null]"#),
    ("time.diff", r#"[[1, null], 0]"#),
    ("time.diff", r#"[0, [1, null]]"#),
    ("time.date", r#"[[1, null]]"#),
    ("time.clock", r#"[[1, null]]"#),
    ("time.weekday", r#"[[1, null]]"#),
    ("time.diff", r#"[1.5, 0]"#),
    ("time.diff", r#"[0, 1.5]"#),
    ("time.date", r#"[1.5]"#),
    ("time.clock", r#"[1.5]"#),
    ("time.weekday", r#"[1.5]"#),
    ("time.add_date", r#"[9223372036854775807, 0, 0, 1]"#),
    ("time.add_date", r#"[-9223372036854775808, 0, 0, -1]"#),
    ("time.add_date", r#"[0, 293, 0, 0]"#),
    ("time.add_date", r#"[0, 0, 0, 106752]"#),
    ("time.add_date", r#"[0, 0, 0, 1.5]"#),
    ("time.add_date", r#"["0", 0, 0, 0]"#),
    ("time.add_date", r#"[0, 9223372036854775808, 0, 0]"#),
    ("time.add_date", r#"[0, 300000000, 0, 0]"#),
    (
        "time.add_date",
        r#"[[-9223372036854775808, "Nowhere/X"], 0, 0, 0]"#,
    ),
    ("time.parse_duration_ns", r#"[""]"#),
    ("time.parse_duration_ns", r#"["-"]"#),
    ("time.parse_duration_ns", r#"["+"]"#),
    ("time.parse_duration_ns", r#"["1"]"#),
    ("time.parse_duration_ns", r#"["00"]"#),
    ("time.parse_duration_ns", r#"["."]"#),
    ("time.parse_duration_ns", r#"["-."]"#),
    ("time.parse_duration_ns", r#"["-.s"]"#),
    ("time.parse_duration_ns", r#"["1d"]"#),
    ("time.parse_duration_ns", r#"["h"]"#),
    ("time.parse_duration_ns", r#"["1 s"]"#),
    ("time.parse_duration_ns", r#"["1s "]"#),
    ("time.parse_duration_ns", r#"["1H"]"#),
    ("time.parse_duration_ns", r#"["1e3s"]"#),
    ("time.parse_duration_ns", r#"["9223372036854775808ns"]"#),
    ("time.parse_duration_ns", r#"["-9223372036854775809ns"]"#),
    ("time.parse_duration_ns", r#"["9223372036854775808s"]"#),
    ("time.parse_duration_ns", r#"["18446744073709551616ns"]"#),
    ("time.parse_duration_ns", r#"["99999999h"]"#),
    ("time.parse_duration_ns", r#"["1..5s"]"#),
    ("time.parse_duration_ns", r#"["+-1s"]"#),
    ("time.parse_duration_ns", r#"["2562047h47m16.854775808s"]"#),
    ("time.parse_duration_ns", r#"["1µ"]"#),
    ("time.parse_duration_ns", r#"["٣s"]"#),
    ("time.parse_duration_ns", r#"["1s-1s"]"#),
    ("time.parse_duration_ns", r#"[1]"#),
    ("time.parse_ns", r#"["2006", "2263"]"#),
    ("time.parse_ns", r#"["2006", "+202"]"#),
    ("time.parse_ns", r#"["2006 01", "2020 13"]"#),
    ("time.parse_ns", r#"["2006 01", "2020 00"]"#),
    ("time.parse_ns", r#"["2006 Jan 2", "2019 Feb 29"]"#),
    ("time.parse_ns", r#"["2006 002", "2019 366"]"#),
    ("time.parse_ns", r#"["2006 002", "2020 000"]"#),
    ("time.parse_ns", r#"["2006 002 01", "2020 060 03"]"#),
    ("time.parse_ns", r#"["2006 002 2", "2020 060 1"]"#),
    ("time.parse_ns", r#"["2006 3", "2020 13"]"#),
    ("time.parse_ns", r#"["2006 15", "2020 24"]"#),
    ("time.parse_ns", r#"["2006 4", "2020 60"]"#),
    ("time.parse_ns", r#"["2006 5", "2020 60"]"#),
    ("time.parse_ns", r#"["2006 MST", "2020 GMT+24"]"#),
    ("time.parse_ns", r#"["2006 MST", "2020 UTCX"]"#),
    ("time.parse_ns", r#"["2006 MST", "2020 ABCDE"]"#),
    ("time.parse_ns", r#"["2006 MST", "2020 +3"]"#),
    ("time.parse_ns", r#"["2006 -0700", "2020 +2500"]"#),
    ("time.parse_ns", r#"["2006 Z07:00", "2020 +00:61"]"#),
    ("time.parse_ns", r#"["2006 .000", "2020 .-12"]"#),
    ("time.parse_ns", r#"["2006 05x.000", "2020 05.5x.123"]"#),
    ("time.parse_ns", r#"["2006 02", "2020 3"]"#),
    ("time.parse_ns", r#"["2006x__2", "2020x   7"]"#),
    ("time.parse_ns", r#"["2006 a b", "2020 ab"]"#),
    (
        "time.parse_ns",
        r#"["RFC3339", "2262-04-11T23:47:16.854775808Z"]"#,
    ),
    (
        "time.parse_ns",
        r#"["RFC3339", "1677-09-21T00:12:43.145224191Z"]"#,
    ),
    ("time.parse_ns", r#"["RFC3339", "0000-01-01T00:00:00Z"]"#),
    (
        "time.parse_ns",
        r#"["RFC3339", "9999-12-31T23:59:59-24:00"]"#,
    ),
    ("time.parse_ns", r#"["RFC3339", "2020-01-02T03:04Z"]"#),
];

#[test]
fn times_are_told_as_by_opa_at_every_edge() {
    assert_eq!(wrong_answers(CASES), "");
}

#[test]
fn what_is_no_time_is_refused_as_by_opa() {
    assert_eq!(missing_failures(FAILURES), "");
}

#[test]
fn a_date_too_far_for_64_bits_is_refused_where_opa_wraps_around() {
    for years in [i64::MIN, i64::MAX, 1 << 62] {
        let arguments = format!("[0, {years}, 0, 0]");
        let expected = "`time.add_date` makes a time outside of the years 1677 to 2262";
        assert_eq!(call("time.add_date", &arguments), Err(expected.to_owned()));
    }
}

#[test]
fn names_that_only_a_file_system_understands_are_no_zones() {
    for name in [
        "Europe//Berlin",
        "posix/UTC",
        "right/UTC",
        "localtime",
        "posixrules",
    ] {
        let arguments = format!("[[0, \"{name}\"]]");
        let expected = "`time.clock` does not know the zone";
        assert_eq!(call("time.clock", &arguments), Err(expected.to_owned()));
    }
}

#[test]
fn the_zone_of_the_machine_is_utc() {
    let hour = |zone: &str| call("time.clock", &format!("[[0, \"{zone}\"]]"));
    for zone in ["", "UTC", "Local"] {
        assert_eq!(
            hour(zone),
            Ok(Value::from(vec![Value::from(0); 3])),
            "{zone}"
        );
    }
}
