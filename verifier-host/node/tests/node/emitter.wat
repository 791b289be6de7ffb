;; Emits 8 events of 256 bytes a call.
(module
  (import "zera1" "emit_event" (func $emit (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1 1)
  (data (i32.const 16) "tick")
  (func (export "zera_abi_1"))
  (func (export "emit") (local $i i32)
    (loop $again
      (i32.store (i32.const 1024) (local.get $i))
      (drop (call $emit (i32.const 16) (i32.const 4) (i32.const 1024) (i32.const 256)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 8))))))
