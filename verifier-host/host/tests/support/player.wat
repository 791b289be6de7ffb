;; Plays the script that its input is, or the one that it keeps under the key "S" when it is called back. Statuses that it
;; is told are kept in storage, so that they show in the state.
(global $at (mut i32) (i32.const 0))
(global $end (mut i32) (i32.const 0))
(func $byte (result i32)
  (i32.load8_u (global.get $at))
  (global.set $at (i32.add (global.get $at) (i32.const 1))))
(func $skip (param $len i32) (result i32)
  (global.get $at)
  (global.set $at (i32.add (global.get $at) (local.get $len))))
(func $keep (param $key i32) (param $value i32)
  (i32.store8 (i32.const 0) (local.get $key))
  (i32.store (i32.const 8) (local.get $value))
  (drop (call $storage_set (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 4))))
(func $count (param $key i32)
  (i32.store8 (i32.const 0) (local.get $key))
  (i32.store (i32.const 8) (i32.const 0))
  (drop (call $storage_get (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 4) (i32.const 16)))
  (call $keep (local.get $key) (i32.add (i32.load (i32.const 8)) (i32.const 1))))
(func $look (param $handle i64)
  (call $keep (i32.const 0x76) (call $is_computation_verified (local.get $handle)))
  (drop (call $task_status (local.get $handle) (i32.const 48)))
  (call $keep (i32.const 0x73) (i32.load (i32.const 48)))
  (call $keep (i32.const 0x6f) (call $task_outcome (local.get $handle) (i32.const 64) (i32.const 64) (i32.const 56))))
(func $play (local $op i32) (local $len i32)
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (global.get $at) (global.get $end)))
      (local.set $op (call $byte))
      ;; 1 key value: writes.
      (if (i32.eq (local.get $op) (i32.const 1)) (then (call $keep (call $byte) (call $byte))))
      ;; 2 key: counts.
      (if (i32.eq (local.get $op) (i32.const 2)) (then (call $count (call $byte))))
      ;; 3 key: removes.
      (if (i32.eq (local.get $op) (i32.const 3))
        (then
          (i32.store8 (i32.const 0) (call $byte))
          (call $keep (i32.const 0x64) (call $storage_remove (i32.const 0) (i32.const 1)))))
      ;; 4: its balance.
      (if (i32.eq (local.get $op) (i32.const 4))
        (then
          (drop (call $balance (i32.const 24)))
          (call $keep (i32.const 0x62) (i32.load (i32.const 24)))))
      ;; 5 to32 amount16: pays.
      (if (i32.eq (local.get $op) (i32.const 5))
        (then (call $keep (i32.const 0x74) (call $transfer (call $skip (i32.const 32)) (call $skip (i32.const 16))))))
      ;; 6 len16 request: asks and waits.
      (if (i32.eq (local.get $op) (i32.const 6))
        (then
          (local.set $len (i32.load16_u (call $skip (i32.const 2))))
          (call $keep (i32.const 0x72)
            (call $request_offchain_computation (call $skip (local.get $len)) (local.get $len) (i32.const 24)))
          (call $keep (i32.const 0x70) (call $store_pending_computation (i64.load (i32.const 24))))))
      ;; 7 code: aborts.
      (if (i32.eq (local.get $op) (i32.const 7)) (then (call $abort (call $byte) (i32.const 0) (i32.const 1))))
      ;; 8: traps.
      (if (i32.eq (local.get $op) (i32.const 8)) (then unreachable))
      ;; 9: runs out of fuel.
      (if (i32.eq (local.get $op) (i32.const 9)) (then (loop $ever (br $ever))))
      ;; 10 topic: an event.
      (if (i32.eq (local.get $op) (i32.const 10))
        (then (drop (call $emit_event (call $skip (i32.const 1)) (i32.const 1) (i32.const 0) (i32.const 8)))))
      ;; 11 handle: cancels.
      (if (i32.eq (local.get $op) (i32.const 11))
        (then (call $keep (i32.const 0x78) (call $cancel_task (i64.load (call $skip (i32.const 8)))))))
      ;; 12 handle: looks at a task.
      (if (i32.eq (local.get $op) (i32.const 12)) (then (call $look (i64.load (call $skip (i32.const 8))))))
      ;; 13 handle: clears.
      (if (i32.eq (local.get $op) (i32.const 13))
        (then (call $keep (i32.const 0x6c) (call $clear_pending_computation (i64.load (call $skip (i32.const 8)))))))
      ;; 14 task32: whose is it.
      (if (i32.eq (local.get $op) (i32.const 14))
        (then (call $keep (i32.const 0x68) (call $task_handle (call $skip (i32.const 32)) (i32.const 24)))))
      ;; 15 key32 inputs96 proof256: checks a proof by itself.
      (if (i32.eq (local.get $op) (i32.const 15))
        (then
          (call $keep (i32.const 0x67)
            (call $verify_groth16 (call $skip (i32.const 32)) (call $skip (i32.const 96)) (i32.const 96)
              (call $skip (i32.const 256))))))
      ;; 16 len16 claim key32 proof256: and a claim.
      (if (i32.eq (local.get $op) (i32.const 16))
        (then
          (local.set $len (i32.load16_u (call $skip (i32.const 2))))
          (local.set $op (call $skip (local.get $len)))
          (call $keep (i32.const 0x63)
            (call $verify_statement (call $skip (i32.const 32)) (local.get $op) (local.get $len)
              (call $skip (i32.const 256))))
          (local.set $op (i32.const 16))))
      ;; 17: what it was configured with, its height and its first task.
      (if (i32.eq (local.get $op) (i32.const 17))
        (then
          (i32.store8 (i32.const 0) (i32.const 0x4b))
          (drop (call $config_amount (i32.const 0) (i32.const 1) (i32.const 24)))
          (call $keep (i32.const 0x6b) (i32.add (i32.load (i32.const 24)) (i32.wrap_i64 (call $block_height))))
          (call $keep (i32.const 0x69) (call $task_id (i64.const 1) (i32.const 128)))
          (call $keep (i32.const 0x6e) (call $predicate_id (i32.const 128) (i32.const 4) (i32.const 160)))
          (call $debug (i32.const 128) (i32.const 4))))
      (br $next))))
(func (export "play") (local $len i32)
  (local.set $len (call $input_len))
  (drop (call $input_read (i32.const 1024) (i32.const 0) (local.get $len)))
  (global.set $at (i32.const 1024))
  (global.set $end (i32.add (i32.const 1024) (local.get $len)))
  (call $play)
  (drop (call $return_data (i32.const 0) (i32.const 16))))
(func (export "learn")
  (drop (call $input_read (i32.const 1024) (i32.const 0) (call $input_len)))
  (i32.store8 (i32.const 0) (i32.const 0x53))
  (drop (call $storage_set (i32.const 0) (i32.const 1) (i32.const 1024) (call $input_len))))
(func $told (param $handle i64) (param $key i32)
  (call $count (local.get $key))
  (call $look (local.get $handle))
  (call $keep (i32.const 0x6c) (call $clear_pending_computation (local.get $handle)))
  (i32.store8 (i32.const 0) (i32.const 0x53))
  (if (i32.eq (call $storage_get (i32.const 0) (i32.const 1) (i32.const 32768) (i32.const 4096) (i32.const 20)) (i32.const 1))
    (then
      (global.set $at (i32.const 32768))
      (global.set $end (i32.add (i32.const 32768) (i32.load (i32.const 20))))
      (call $play))))
(func (export "process_verified_condition_result") (param $handle i64) (param $result i32)
  (call $keep (i32.const 0x7a) (local.get $result))
  (call $told (local.get $handle) (i32.const 0x31)))
(func (export "on_result_failed") (param $handle i64) (param $reason i32)
  (call $told (local.get $handle) (i32.const 0x32)))
(func (export "on_result_revoked") (param $handle i64) (param $reason i32)
  (call $told (local.get $handle) (i32.const 0x33)))
