;; A contract that asks for whatever predicate its input names, and remembers what it was told.
;;
;; Storage: "state" is the last answer, one byte; "failed" the reason of the last task that ended without one, two bytes.
;; Built into asker.wasm by `UPDATE_WASM=1 cargo test -p zera-cli asker`.
(module
  (import "zera1" "input_len" (func $input_len (result i32)))
  (import "zera1" "input_read" (func $input_read (param i32 i32 i32) (result i32)))
  (import "zera1" "predicate_id" (func $resolve (param i32 i32 i32) (result i32)))
  (import "zera1" "request_offchain_computation" (func $request (param i32 i32 i32) (result i32)))
  (import "zera1" "store_pending_computation" (func $store (param i64) (result i32)))
  (import "zera1" "is_computation_verified" (func $verified (param i64) (result i32)))
  (import "zera1" "clear_pending_computation" (func $clear (param i64) (result i32)))
  (import "zera1" "cancel_task" (func $cancel (param i64) (result i32)))
  (import "zera1" "storage_set" (func $set (param i32 i32 i32 i32) (result i32)))
  (import "zera1" "abort" (func $abort (param i32 i32 i32)))
  (memory (export "memory") 1 1)
  ;; 0 the handle, 8 what is stored, from 16 the two keys, from 1024 the input.
  (data (i32.const 16) "statefailed")
  (func (export "zera_abi_1"))
  (func $must (param i32)
    (if (i32.ne (local.get 0) (i32.const 1)) (then (call $abort (local.get 0) (i32.const 16) (i32.const 5)))))
  ;; The input is a request as it lies on the wire.
  (func (export "ask")
    (call $must (call $input_read (i32.const 1024) (i32.const 0) (call $input_len)))
    (call $must (call $request (i32.const 1024) (call $input_len) (i32.const 0)))
    (call $must (call $store (i64.load (i32.const 0)))))
  ;; The input is the length of a name, one byte, the name, and a request; what the name means now is put in its predicate's place.
  (func (export "ask_by_name") (local $request i32)
    (call $must (call $input_read (i32.const 1024) (i32.const 0) (call $input_len)))
    (local.set $request (i32.add (i32.const 1025) (i32.load8_u (i32.const 1024))))
    (call $must (call $resolve (i32.const 1025) (i32.load8_u (i32.const 1024)) (local.get $request)))
    (call $must (call $request (local.get $request)
      (i32.sub (i32.add (i32.const 1024) (call $input_len)) (local.get $request)) (i32.const 0)))
    (call $must (call $store (i64.load (i32.const 0)))))
  ;; The input is a handle, 8 bytes.
  (func (export "cancel")
    (call $must (call $input_read (i32.const 0) (i32.const 0) (i32.const 8)))
    (call $must (call $cancel (i64.load (i32.const 0))))
    (call $must (call $clear (i64.load (i32.const 0)))))
  (func (export "process_verified_condition_result") (param $handle i64) (param $result i32)
    (call $must (call $verified (local.get $handle)))
    (i32.store8 (i32.const 8) (local.get $result))
    (call $must (call $set (i32.const 16) (i32.const 5) (i32.const 8) (i32.const 1)))
    (call $must (call $clear (local.get $handle))))
  (func (export "on_result_failed") (param $handle i64) (param $reason i32)
    (i32.store16 (i32.const 8) (local.get $reason))
    (call $must (call $set (i32.const 21) (i32.const 6) (i32.const 8) (i32.const 2)))
    (call $must (call $clear (local.get $handle)))))
