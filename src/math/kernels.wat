;; The inner loops of the estimators, 128 bits at a time. All addresses are byte offsets into one memory that the caller
;; lays out. kernels-plain.ts has the same loops in TypeScript, adding in the same order, so both give the same bits.
;; `node scripts/build-wasm.ts` writes kernels-bytes.ts from this file.
(module
  (import "env" "memory" (memory 1))

  ;; out[r] = sum over i of rows[r][i] * query[i]: int16 in, int32 out. $stride is bytes per row, a multiple of 32.
  (func (export "dots") (param $rows i32) (param $count i32) (param $stride i32) (param $query i32) (param $out i32)
    (local $end i32) (local $i i32) (local $even v128) (local $odd v128)
    (local.set $end (i32.add (local.get $rows) (i32.mul (local.get $count) (local.get $stride))))
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $rows) (local.get $end)))
        (local.set $even (v128.const i32x4 0 0 0 0))
        (local.set $odd (v128.const i32x4 0 0 0 0))
        (local.set $i (i32.const 0))
        (loop $block
          (local.set $even (i32x4.add (local.get $even) (i32x4.dot_i16x8_s
            (v128.load (i32.add (local.get $rows) (local.get $i)))
            (v128.load (i32.add (local.get $query) (local.get $i))))))
          (local.set $odd (i32x4.add (local.get $odd) (i32x4.dot_i16x8_s
            (v128.load offset=16 (i32.add (local.get $rows) (local.get $i)))
            (v128.load offset=16 (i32.add (local.get $query) (local.get $i))))))
          (local.set $i (i32.add (local.get $i) (i32.const 32)))
          (br_if $block (i32.lt_u (local.get $i) (local.get $stride))))
        (local.set $even (i32x4.add (local.get $even) (local.get $odd)))
        (i32.store (local.get $out)
          (i32.add
            (i32.add (i32x4.extract_lane 0 (local.get $even)) (i32x4.extract_lane 1 (local.get $even)))
            (i32.add (i32x4.extract_lane 2 (local.get $even)) (i32x4.extract_lane 3 (local.get $even)))))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (local.set $rows (i32.add (local.get $rows) (local.get $stride)))
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
