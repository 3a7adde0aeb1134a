;; The inner loops of the estimators, 128 bits at a time. All addresses are byte offsets into one memory that the caller
;; lays out. kernels-plain.ts has the same loops in TypeScript, adding in the same order, so both give the same bits.
;; `node scripts/build-wasm.ts` writes kernels-bytes.ts from this file.
(module
  (import "env" "memory" (memory 1))

  ;; The four lanes of int32 together.
  (func $lanes (param $sums v128) (result i32)
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $sums)) (i32x4.extract_lane 1 (local.get $sums)))
      (i32.add (i32x4.extract_lane 2 (local.get $sums)) (i32x4.extract_lane 3 (local.get $sums)))))

  ;; out[r] = sum over i of rows[r][i] * query[i]: int16 in, int32 out. $stride is bytes per row, a multiple of 32.
  ;; Four rows at a time, so that the query is read once for four; then the rest one by one.
  (func (export "dots") (param $rows i32) (param $count i32) (param $stride i32) (param $query i32) (param $out i32)
    (local $end i32) (local $i i32) (local $at i32) (local $second i32) (local $third i32) (local $fourth i32)
    (local $query_part v128) (local $query_next v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $rows)
      (i32.mul (i32.and (local.get $count) (i32.const -4)) (local.get $stride))))
    (block $fours_done
      (loop $four
        (br_if $fours_done (i32.ge_u (local.get $rows) (local.get $end)))
        (local.set $a (v128.const i32x4 0 0 0 0))
        (local.set $b (local.get $a))
        (local.set $c (local.get $a))
        (local.set $d (local.get $a))
        (local.set $at (local.get $rows))
        (local.set $second (i32.add (local.get $rows) (local.get $stride)))
        (local.set $third (i32.add (local.get $second) (local.get $stride)))
        (local.set $fourth (i32.add (local.get $third) (local.get $stride)))
        (local.set $i (i32.const 0))
        (loop $block
          (local.set $query_part (v128.load (i32.add (local.get $query) (local.get $i))))
          (local.set $query_next (v128.load offset=16 (i32.add (local.get $query) (local.get $i))))
          (local.set $a (i32x4.add (local.get $a) (i32x4.add
            (i32x4.dot_i16x8_s (local.get $query_part) (v128.load (i32.add (local.get $at) (local.get $i))))
            (i32x4.dot_i16x8_s (local.get $query_next) (v128.load offset=16 (i32.add (local.get $at) (local.get $i)))))))
          (local.set $b (i32x4.add (local.get $b) (i32x4.add
            (i32x4.dot_i16x8_s (local.get $query_part) (v128.load (i32.add (local.get $second) (local.get $i))))
            (i32x4.dot_i16x8_s (local.get $query_next) (v128.load offset=16 (i32.add (local.get $second) (local.get $i)))))))
          (local.set $c (i32x4.add (local.get $c) (i32x4.add
            (i32x4.dot_i16x8_s (local.get $query_part) (v128.load (i32.add (local.get $third) (local.get $i))))
            (i32x4.dot_i16x8_s (local.get $query_next) (v128.load offset=16 (i32.add (local.get $third) (local.get $i)))))))
          (local.set $d (i32x4.add (local.get $d) (i32x4.add
            (i32x4.dot_i16x8_s (local.get $query_part) (v128.load (i32.add (local.get $fourth) (local.get $i))))
            (i32x4.dot_i16x8_s (local.get $query_next) (v128.load offset=16 (i32.add (local.get $fourth) (local.get $i)))))))
          (local.set $i (i32.add (local.get $i) (i32.const 32)))
          (br_if $block (i32.lt_u (local.get $i) (local.get $stride))))
        (i32.store (local.get $out) (call $lanes (local.get $a)))
        (i32.store offset=4 (local.get $out) (call $lanes (local.get $b)))
        (i32.store offset=8 (local.get $out) (call $lanes (local.get $c)))
        (i32.store offset=12 (local.get $out) (call $lanes (local.get $d)))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (local.set $rows (i32.add (local.get $fourth) (local.get $stride)))
        (br $four)))
    (local.set $end (i32.add (local.get $end) (i32.mul (i32.and (local.get $count) (i32.const 3)) (local.get $stride))))
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $rows) (local.get $end)))
        (local.set $a (v128.const i32x4 0 0 0 0))
        (local.set $i (i32.const 0))
        (loop $block
          (local.set $a (i32x4.add (local.get $a) (i32x4.dot_i16x8_s
            (v128.load (i32.add (local.get $rows) (local.get $i)))
            (v128.load (i32.add (local.get $query) (local.get $i))))))
          (local.set $i (i32.add (local.get $i) (i32.const 16)))
          (br_if $block (i32.lt_u (local.get $i) (local.get $stride))))
        (i32.store (local.get $out) (call $lanes (local.get $a)))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (local.set $rows (i32.add (local.get $rows) (local.get $stride)))
        (br $row))))

  ;; counts[bucket of scores[r]] += cells[r], all int32, bucket = min($buckets - 1, (score >> $shift) + $buckets / 2);
  ;; gives the highest score.
  (func (export "histogram")
    (param $scores i32) (param $cells i32) (param $count i32) (param $counts i32) (param $buckets i32) (param $shift i32)
    (result i32)
    (local $end i32) (local $score i32) (local $best i32) (local $bucket i32) (local $half i32) (local $last i32)
    (local.set $best (i32.const 0x80000000))
    (local.set $half (i32.shr_u (local.get $buckets) (i32.const 1)))
    (local.set $last (i32.sub (local.get $buckets) (i32.const 1)))
    (local.set $end (i32.add (local.get $scores) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $scores) (local.get $end)))
        (local.set $score (i32.load (local.get $scores)))
        (local.set $best (select (local.get $score) (local.get $best)
          (i32.gt_s (local.get $score) (local.get $best))))
        (local.set $bucket (i32.add (i32.shr_s (local.get $score) (local.get $shift)) (local.get $half)))
        (local.set $bucket (i32.add (local.get $counts) (i32.shl
          (select (local.get $bucket) (local.get $last) (i32.lt_s (local.get $bucket) (local.get $last)))
          (i32.const 2))))
        (i32.store (local.get $bucket) (i32.add (i32.load (local.get $bucket)) (i32.load (local.get $cells))))
        (local.set $scores (i32.add (local.get $scores) (i32.const 4)))
        (local.set $cells (i32.add (local.get $cells) (i32.const 4)))
        (br $row)))
    (local.get $best))

  ;; Writes the numbers of the rows whose score is at least $lowest, all int32; gives how many there are.
  (func (export "passing") (param $scores i32) (param $count i32) (param $lowest i32) (param $out i32) (result i32)
    (local $row i32) (local $found i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $row) (local.get $count)))
        ;; Written always, kept only where it passes: no branch to mispredict.
        (i32.store (i32.add (local.get $out) (i32.shl (local.get $found) (i32.const 2))) (local.get $row))
        (local.set $found (i32.add (local.get $found) (i32.ge_s
          (i32.load (i32.add (local.get $scores) (i32.shl (local.get $row) (i32.const 2)))) (local.get $lowest))))
        (local.set $row (i32.add (local.get $row) (i32.const 1)))
        (br $next)))
    (local.get $found))

  ;; For each of $count listed rows of $width float64 values v, with its weight w: out[c] += (w v, w v v).
  (func (export "weigh")
    (param $list i32) (param $weights i32) (param $count i32) (param $values i32) (param $width i32) (param $out i32)
    (local $end i32) (local $at i32) (local $row_end i32) (local $sum i32) (local $weight f64) (local $value f64)
    (local.set $end (i32.add (local.get $list) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $list) (local.get $end)))
        (local.set $weight (f64.load (local.get $weights)))
        (local.set $at (i32.add (local.get $values)
          (i32.shl (i32.mul (i32.load (local.get $list)) (local.get $width)) (i32.const 3))))
        (local.set $row_end (i32.add (local.get $at) (i32.shl (local.get $width) (i32.const 3))))
        (local.set $sum (local.get $out))
        (loop $column
          (local.set $value (f64.load (local.get $at)))
          (v128.store (local.get $sum) (f64x2.add (v128.load (local.get $sum))
            (f64x2.mul (f64x2.splat (f64.mul (local.get $weight) (local.get $value)))
              (f64x2.replace_lane 1 (v128.const f64x2 1 1) (local.get $value)))))
          (local.set $sum (i32.add (local.get $sum) (i32.const 16)))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $column (i32.lt_u (local.get $at) (local.get $row_end))))
        (local.set $list (i32.add (local.get $list) (i32.const 4)))
        (local.set $weights (i32.add (local.get $weights) (i32.const 8)))
        (br $row))))

  ;; Sum over i < n of a[i] * b[i], float64: four interleaved sums, then the rest one by one.
  (func $dot (param $a i32) (param $b i32) (param $n i32) (result f64)
    (local $end i32) (local $first v128) (local $second v128) (local $sum f64)
    (local.set $end (i32.add (local.get $a) (i32.shl (i32.and (local.get $n) (i32.const -4)) (i32.const 3))))
    (block $blocks_done
      (loop $block
        (br_if $blocks_done (i32.ge_u (local.get $a) (local.get $end)))
        (local.set $first (f64x2.add (local.get $first)
          (f64x2.mul (v128.load (local.get $a)) (v128.load (local.get $b)))))
        (local.set $second (f64x2.add (local.get $second)
          (f64x2.mul (v128.load offset=16 (local.get $a)) (v128.load offset=16 (local.get $b)))))
        (local.set $a (i32.add (local.get $a) (i32.const 32)))
        (local.set $b (i32.add (local.get $b) (i32.const 32)))
        (br $block)))
    (local.set $first (f64x2.add (local.get $first) (local.get $second)))
    (local.set $sum (f64.add (f64x2.extract_lane 0 (local.get $first)) (f64x2.extract_lane 1 (local.get $first))))
    (local.set $end (i32.add (local.get $end) (i32.shl (i32.and (local.get $n) (i32.const 3)) (i32.const 3))))
    (block $done
      (loop $single
        (br_if $done (i32.ge_u (local.get $a) (local.get $end)))
        (local.set $sum (f64.add (local.get $sum) (f64.mul (f64.load (local.get $a)) (f64.load (local.get $b)))))
        (local.set $a (i32.add (local.get $a) (i32.const 8)))
        (local.set $b (i32.add (local.get $b) (i32.const 8)))
        (br $single)))
    (local.get $sum))

  ;; out[i] += scale * a[i] for i < n, float64.
  (func $axpy (param $scale f64) (param $a i32) (param $out i32) (param $n i32)
    (local $end i32) (local $scales v128)
    (local.set $scales (f64x2.splat (local.get $scale)))
    (local.set $end (i32.add (local.get $a) (i32.shl (i32.and (local.get $n) (i32.const -2)) (i32.const 3))))
    (block $pairs_done
      (loop $pair
        (br_if $pairs_done (i32.ge_u (local.get $a) (local.get $end)))
        (v128.store (local.get $out) (f64x2.add (v128.load (local.get $out))
          (f64x2.mul (local.get $scales) (v128.load (local.get $a)))))
        (local.set $a (i32.add (local.get $a) (i32.const 16)))
        (local.set $out (i32.add (local.get $out) (i32.const 16)))
        (br $pair)))
    (if (i32.and (local.get $n) (i32.const 1))
      (then (f64.store (local.get $out) (f64.add (f64.load (local.get $out))
        (f64.mul (local.get $scale) (f64.load (local.get $a))))))))

  ;; out[r] = rows[r] . x, float64: $count rows of $n one after another.
  (func (export "products") (param $rows i32) (param $count i32) (param $x i32) (param $n i32) (param $out i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 3))))
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $out) (local.get $end)))
        (f64.store (local.get $out) (call $dot (local.get $rows) (local.get $x) (local.get $n)))
        (local.set $rows (i32.add (local.get $rows) (i32.shl (local.get $n) (i32.const 3))))
        (local.set $out (i32.add (local.get $out) (i32.const 8)))
        (br $row))))

  ;; x' P x for the symmetric n x n matrix P, kept as the rows of its lower triangle one after another, float64.
  (func (export "quadratic") (param $packed i32) (param $x i32) (param $n i32) (result f64)
    (local $i i32) (local $value f64) (local $total f64) (local $part f64)
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $value (f64.load (i32.add (local.get $x) (i32.shl (local.get $i) (i32.const 3)))))
        (local.set $part (call $dot (local.get $packed) (local.get $x) (local.get $i)))
        (local.set $packed (i32.add (local.get $packed) (i32.shl (local.get $i) (i32.const 3))))
        (local.set $total (f64.add (local.get $total) (f64.mul (local.get $value)
          (f64.add (f64.add (local.get $part) (local.get $part))
            (f64.mul (f64.load (local.get $packed)) (local.get $value))))))
        (local.set $packed (i32.add (local.get $packed) (i32.const 8)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $row)))
    (local.get $total))

  ;; out = P x, P as above.
  (func (export "multiply") (param $packed i32) (param $x i32) (param $n i32) (param $out i32)
    (local $i i32) (local $value f64) (local $place i32)
    (local.set $place (local.get $out))
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $value (f64.load (i32.add (local.get $x) (i32.shl (local.get $i) (i32.const 3)))))
        (f64.store (local.get $place) (call $dot (local.get $packed) (local.get $x) (local.get $i)))
        (call $axpy (local.get $value) (local.get $packed) (local.get $out) (local.get $i))
        (local.set $packed (i32.add (local.get $packed) (i32.shl (local.get $i) (i32.const 3))))
        (f64.store (local.get $place) (f64.add (f64.load (local.get $place))
          (f64.mul (local.get $value) (f64.load (local.get $packed)))))
        (local.set $packed (i32.add (local.get $packed) (i32.const 8)))
        (local.set $place (i32.add (local.get $place) (i32.const 8)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $row))))

  ;; P += scale * x x', P as above.
  (func (export "addOuter") (param $packed i32) (param $x i32) (param $n i32) (param $scale f64)
    (local $i i32)
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (call $axpy
          (f64.mul (local.get $scale) (f64.load (i32.add (local.get $x) (i32.shl (local.get $i) (i32.const 3)))))
          (local.get $x) (local.get $packed) (i32.add (local.get $i) (i32.const 1)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (local.set $packed (i32.add (local.get $packed) (i32.shl (local.get $i) (i32.const 3))))
        (br $row)))))
