//! Linear memory: sizes, sharing, unknown addresses, copies.

use super::harness::{agree, samples};

fn small(count: usize, most: u64) -> Vec<Vec<u64>> {
    let mut all = vec![vec![]];
    for _ in 0..count {
        all = all.iter().flat_map(|s: &Vec<u64>| (0..=most).map(|v| [s.clone(), vec![v]].concat())).collect();
    }
    all
}

const STORES: [(&str, &str); 7] = [
    ("i32", "store8"),
    ("i32", "store16"),
    ("i32", "store"),
    ("i64", "store8"),
    ("i64", "store16"),
    ("i64", "store32"),
    ("i64", "store"),
];
const LOADS: [(&str, &str); 12] = [
    ("i32", "load8_s"),
    ("i32", "load8_u"),
    ("i32", "load16_s"),
    ("i32", "load16_u"),
    ("i32", "load"),
    ("i64", "load8_s"),
    ("i64", "load8_u"),
    ("i64", "load16_s"),
    ("i64", "load16_u"),
    ("i64", "load32_s"),
    ("i64", "load32_u"),
    ("i64", "load"),
];

#[test]
fn every_store_under_every_load_at_every_distance() {
    for (store_type, store) in STORES {
        for (load_type, load) in LOADS {
            let text: String = (0..3)
                .map(|at| {
                    let distance = [0, 1, 3][at];
                    format!(
                        "({store_type}.{store} (i32.const 64) (local.get $a))
                         (local.set $s ({load_type}.add (i64.or (i64.const 0) (i64.const 0)) (local.get $s)))"
                    )
                    .replace(
                        "(i64.or (i64.const 0) (i64.const 0))",
                        &format!("({load_type}.{load} (i32.const {}))", 64 + distance),
                    )
                })
                .collect();
            let text = format!(
                "(memory 1) (data (i32.const 60) \"\\01\\82\\03\\84\\05\\86\\07\\88\\09\\8a\\0b\\8c\\0d\\8e\\0f\\90\")
                 (func $value (param $a {store_type}) (result {load_type}) (local $s {load_type}) {text} (local.get $s))"
            );
            agree(&text, &[store_type], load_type, &samples(&[store_type], 2));
        }
    }
}

#[test]
fn paths_merge_only_what_they_wrote() {
    let text = "(memory 1) (data (i32.const 0) \"abcdefghijklmnopqrstuvwxyz\")
        (func $value (param $a i32) (param $b i32) (result i64)
            (i32.store (i32.const 4) (local.get $a))
            (if (i32.eq (local.get $a) (i32.const 1))
                (then (i32.store (i32.const 4) (local.get $b)) (i32.store8 (i32.const 10) (local.get $b)))
                (else (i64.store (i32.const 62) (i64.extend_i32_s (local.get $b))) (i32.store16 (i32.const 5) (local.get $b))
                    (if (local.get $b) (then (i64.store (i32.const 8) (i64.const -2))) (else (i32.store (i32.const 8) (i32.const 5))))))
            (i64.add (i64.load (i32.const 4)) (i64.xor (i64.load (i32.const 9)) (i64.load (i32.const 61)))))";
    agree(text, &["i32", "i32"], "i64", &small(2, 4));
    agree(text, &["i32", "i32"], "i64", &samples(&["i32", "i32"], 10));
}

#[test]
fn loads_at_unknown_addresses() {
    let text = "(memory 1) (data (i32.const 100) \"\\05\\f6\\07\\08\\19\\9a\\eb\\1c\\2d\\3e\\4f\\50\\61\\72\\83\\94\\a5\\b6\\c7\\d8\\e9\\fa\\0b\\1c\")
        (func $value (param $i i32) (param $a i32) (result i32)
            (local.set $i (i32.and (local.get $i) (i32.const 7)))
            (i32.add (i32.load8_s offset=100 (local.get $i))
                (i32.add (i32.load16_u (i32.add (i32.const 101) (local.get $i)))
                    (i32.load offset=96 (i32.shl (local.get $i) (i32.const 2))))))";
    agree(text, &["i32", "i32"], "i32", &small(2, 8));
    // Unknown contents; the index is bounded by a branch.
    let text = "(memory 1)
        (func $value (param $i i32) (param $a i32) (result i32)
            (i32.store (i32.const 16) (local.get $a)) (i32.store (i32.const 20) (i32.mul (local.get $a) (local.get $a)))
            (i32.store (i32.const 28) (i32.const 77))
            (if (i32.lt_u (local.get $i) (i32.const 4))
                (then (return (i32.load offset=16 (i32.shl (local.get $i) (i32.const 2))))))
            (i32.const 5))";
    agree(text, &["i32", "i32"], "i32", &samples(&["i32", "i32"], 20));
    // An index without bits of its own: what the branch says of it must not be asked of other paths.
    let text = "(memory 1)
        (func $value (param $i i32) (param $a i32) (result i32) (local $n i32)
            (i32.store (i32.const 16) (local.get $a)) (i32.store (i32.const 28) (i32.const 77))
            (local.set $n (i32.mul (i32.and (local.get $i) (i32.const 255)) (i32.and (local.get $a) (i32.const 255))))
            (if (i32.lt_u (local.get $n) (i32.const 5))
                (then (return (i32.load offset=16 (i32.shl (local.get $n) (i32.const 2))))))
            (i32.const 5))";
    agree(text, &["i32", "i32"], "i32", &small(2, 24));
}

#[test]
fn stores_at_unknown_addresses_alias() {
    for (store, mask, shift) in
        [("i32.store", 3, 2), ("i32.store8", 15, 0), ("i32.store", 7, 1), ("i32.store16", 7, 0), ("i32.store", 7, 0)]
    {
        let text = format!(
            "(memory 1) (data (i32.const 0) \"abcdefghijklmnopqrstuvwxyz\")
            (func $value (param $i i32) (param $a i32) (result i64)
                (i32.store (i32.const 4) (i32.const 0x1234567))
                ({store} (i32.shl (i32.and (local.get $i) (i32.const {mask})) (i32.const {shift})) (local.get $a))
                ({store} offset=2 (i32.shl (i32.and (local.get $a) (i32.const {mask})) (i32.const {shift})) (local.get $i))
                (i64.add (i64.load (i32.const 0)) (i64.mul (i64.const 3) (i64.load (i32.const 8)))))"
        );
        agree(&text, &["i32", "i32"], "i64", &small(2, 9));
        agree(&text, &["i32", "i32"], "i64", &samples(&["i32", "i32"], 10));
    }
}

#[test]
fn out_of_bounds_is_a_trap() {
    let text = "(memory 1 1)
        (func $value (param $i i32) (result i32)
            (if (i32.gt_u (local.get $i) (i32.const 65540)) (then (return (i32.const 1))))
            (if (i32.lt_u (local.get $i) (i32.const 65520)) (then (return (i32.const 2))))
            (i32.store (local.get $i) (i32.const 5))
            (i32.load8_u (local.get $i)))";
    agree(text, &["i32"], "i32", &[65519, 65520, 65531, 65532, 65533, 65535, 65536, 65540, 65541, 0].map(|i| vec![i]));
    for address in [65532, 65533, 65536, -1] {
        for offset in ["", "offset=4", "offset=4294967295"] {
            let text =
                format!("(memory 1) (func $value (param i32) (result i32) (i32.load {offset} (i32.const {address})))");
            agree(&text, &["i32"], "i32", &[vec![0]]);
        }
    }
}

#[test]
fn grow_and_size() {
    let text = "(memory 1 3)
        (func $value (param $i i32) (result i32)
            (i32.store (i32.const 65532) (local.get $i))
            (i32.add (i32.mul (memory.grow (i32.const 1)) (i32.const 100))
                (i32.add (i32.mul (memory.grow (i32.const 5)) (i32.const 10))
                    (i32.add (memory.grow (i32.const 0)) (i32.add (memory.size) (i32.load (i32.const 65533)))))))";
    agree(text, &["i32"], "i32", &samples(&["i32"], 5));
}

#[test]
fn copy_and_fill() {
    for (to, from, len) in [
        (3, 0, 20),
        (0, 3, 20),
        (7, 7, 9),
        (0, 65530, 6),
        (65530, 0, 6),
        (65530, 0, 7),
        (0, 65530, 7),
        (65536, 65536, 0),
        (65537, 0, 0),
    ] {
        let text = format!(
            "(memory 1) (data (i32.const 0) \"abcdefghijklmnopqrstuvwxyz\")
            (func $value (param $a i32) (result i64)
                (i32.store (i32.const 5) (local.get $a)) (i32.store (i32.const 65531) (local.get $a))
                (memory.copy (i32.const {to}) (i32.const {from}) (i32.const {len}))
                (memory.fill (i32.const 17) (local.get $a) (i32.const 3))
                (i64.add (i64.add (i64.load (i32.const 0)) (i64.load (i32.const 6)))
                    (i64.add (i64.load (i32.const 14)) (i64.load (i32.const 65528)))))"
        );
        agree(&text, &["i32"], "i64", &samples(&["i32"], 3));
    }
    // Unknown places and lengths.
    let text = "(memory 1) (data (i32.const 0) \"abcdefghijklmnopqrstuvwxyz\")
        (func $value (param $a i32) (param $b i32) (param $n i32) (result i64)
            (i32.store (i32.const 5) (local.get $a))
            (memory.copy (i32.and (local.get $a) (i32.const 3)) (i32.and (local.get $b) (i32.const 7)) (i32.and (local.get $n) (i32.const 15)))
            (memory.fill (i32.and (local.get $b) (i32.const 15)) (local.get $a) (i32.and (local.get $n) (i32.const 3)))
            (memory.copy (i32.const 20) (i32.shl (i32.and (local.get $a) (i32.const 3)) (i32.const 2)) (i32.const 8))
            (memory.copy (i32.shl (i32.and (local.get $a) (i32.const 3)) (i32.const 3)) (i32.const 4) (i32.const 8))
            (i64.add (i64.add (i64.load (i32.const 0)) (i64.mul (i64.const 5) (i64.load (i32.const 6))))
                (i64.add (i64.mul (i64.const 3) (i64.load (i32.const 14))) (i64.load (i32.const 20)))))";
    agree(text, &["i32", "i32", "i32"], "i64", &samples(&["i32", "i32", "i32"], 60));
    // A length that may lie beyond the end.
    let text = "(memory 1 1)
        (func $value (param $a i32) (param $n i32) (result i32)
            (i32.store (i32.const 8) (local.get $a))
            (if (i32.gt_u (local.get $n) (i32.const 12)) (then (return (i32.const 3))))
            (memory.copy (i32.const 65528) (i32.const 8) (local.get $n))
            (i32.load (i32.const 65528)))";
    agree(text, &["i32", "i32"], "i32", &small(2, 13));
}

#[test]
fn start_and_data_run_first() {
    let text = "(memory 1) (data (i32.const 0) \"\\01\\02\") (data (i32.const 1) \"\\07\") (global $g (mut i32) (i32.const 1))
        (start $init)
        (func $init (local $i i32)
            (loop $l
                (i32.store (i32.add (i32.const 8) (i32.shl (local.get $i) (i32.const 2))) (i32.mul (local.get $i) (local.get $i)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $l (i32.lt_u (local.get $i) (i32.const 16))))
            (global.set $g (i32.load (i32.const 20))))
        (func $value (param $a i32) (result i32)
            (i32.add (i32.load16_u (i32.const 0))
                (i32.add (global.get $g) (i32.load offset=8 (i32.shl (i32.and (local.get $a) (i32.const 15)) (i32.const 2))))))";
    agree(text, &["i32"], "i32", &samples(&["i32"], 5));
}

#[test]
fn a_sort_agrees() {
    // Insertion sort of six unknown words, as a compiler writes it: the inner loop ends by data.
    let text = "(memory 1)
        (func $value (param $a i32) (param $b i32) (param $c i32) (param $d i32) (result i32)
            (local $i i32) (local $j i32) (local $x i32)
            (i32.store (i32.const 0) (local.get $a)) (i32.store (i32.const 4) (local.get $b))
            (i32.store (i32.const 8) (local.get $c)) (i32.store (i32.const 12) (local.get $d))
            (i32.store (i32.const 16) (i32.xor (local.get $a) (local.get $c)))
            (local.set $i (i32.const 4))
            (loop $outer
                (local.set $x (i32.load (local.get $i)))
                (local.set $j (local.get $i))
                (block $done (loop $inner
                    (br_if $done (i32.eqz (local.get $j)))
                    (br_if $done (i32.le_u (i32.load (i32.sub (local.get $j) (i32.const 4))) (local.get $x)))
                    (i32.store (local.get $j) (i32.load (i32.sub (local.get $j) (i32.const 4))))
                    (local.set $j (i32.sub (local.get $j) (i32.const 4)))
                    (br $inner)))
                (i32.store (local.get $j) (local.get $x))
                (local.set $i (i32.add (local.get $i) (i32.const 4)))
                (br_if $outer (i32.lt_u (local.get $i) (i32.const 20))))
            (i32.add (i32.load (i32.const 8)) (i32.mul (i32.load (i32.const 16)) (i32.const 3))))";
    agree(text, &["i32", "i32", "i32", "i32"], "i32", &samples(&["i32", "i32", "i32", "i32"], 40));
}
