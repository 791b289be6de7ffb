//! The bodies of the host functions, one for each row of the table, in the table's order.
//!
//! Pointers, lengths and handles come as the guest's signed numbers and are read as unsigned. What each function promises
//! stands in the table's docs; here stand prices and limits. See [`crate::dispatch`] for the steps.

use sha2::{Digest, Sha256};
use zera_abi::table::{hash_alg, origin as origin_code};
use zera_abi::wire::{Claim, FIELD_LEN, MAX_PUBLIC_INPUTS, PROOF_LEN, Request, STATEMENT_INPUTS, WireError};
use zera_abi::{ABI_VERSION, AccountId, Amount, Height, KeyId, PROTOCOL_VERSION, Status, TaskId};

use crate::budget::{
    ABORT_MESSAGE_MAX, EVENT_DATA_MAX, KEY_MAX, PREDICATE_NAME_MAX, RETURN_DATA_MAX, TOPIC_MAX, VALUE_MAX,
};
use crate::dispatch::Host;
use crate::memory::Exit;
use crate::world::{Denied, World};

pub(crate) fn abi_version<W: World>(_: &mut Host<'_, W>) -> Result<u32, Exit> {
    Ok(ABI_VERSION)
}

pub(crate) fn protocol_version<W: World>(_: &mut Host<'_, W>) -> Result<u32, Exit> {
    Ok(PROTOCOL_VERSION)
}

pub(crate) fn chain_id<W: World>(host: &mut Host<'_, W>, out32: i32) -> Result<Status, Exit> {
    let out = host.fixed::<32>(out32)?;
    let chain = host.frame().world.chain_id();
    host.put(&out, chain.as_bytes())?;
    Ok(Status::Ok)
}

pub(crate) fn self_address<W: World>(host: &mut Host<'_, W>, out32: i32) -> Result<Status, Exit> {
    let out = host.fixed::<32>(out32)?;
    let contract = host.frame().call.contract;
    host.put(&out, contract.as_bytes())?;
    Ok(Status::Ok)
}

pub(crate) fn caller<W: World>(host: &mut Host<'_, W>, out32: i32) -> Result<Status, Exit> {
    let out = host.fixed::<32>(out32)?;
    let call = &host.frame().call;
    let caller = if call.entry.is_callback() { call.contract } else { call.caller };
    host.put(&out, caller.as_bytes())?;
    Ok(Status::Ok)
}

pub(crate) fn origin<W: World>(host: &mut Host<'_, W>) -> Result<u32, Exit> {
    let code = if host.frame().call.entry.is_callback() { origin_code::HOST } else { origin_code::USER };
    Ok(code.cast_unsigned())
}

pub(crate) fn block_height<W: World>(host: &mut Host<'_, W>) -> Result<u64, Exit> {
    Ok(host.frame().world.height().0)
}

pub(crate) fn input_len<W: World>(host: &mut Host<'_, W>) -> Result<u32, Exit> {
    u32::try_from(host.frame().call.input.len()).map_err(|_| Exit::Abi("input longer than 32 bits"))
}

pub(crate) fn input_read<W: World>(host: &mut Host<'_, W>, out: i32, off: i32, len: i32) -> Result<Status, Exit> {
    let out = host.range(out, len)?;
    let Ok(start) = usize::try_from(off.cast_unsigned()) else { return Ok(Status::Buffer) };
    let part = start.checked_add(out.len()).and_then(|end| host.frame().call.input.get(start..end));
    let Some(part) = part.map(<[u8]>::to_vec) else { return Ok(Status::Buffer) };
    host.put(&out, &part)?;
    Ok(Status::Ok)
}

pub(crate) fn config_amount<W: World>(host: &mut Host<'_, W>, key: i32, klen: i32, out16: i32) -> Result<Status, Exit> {
    let key = host.bytes(key, klen)?;
    let out = host.fixed::<16>(out16)?;
    host.charge(host.frame().cost.row_read(16))?;
    if key.len() > KEY_MAX {
        return Ok(Status::NotFound);
    }
    let frame = host.frame_mut();
    let Some(amount) = frame.world.config_amount(&frame.call.contract, &key)? else { return Ok(Status::NotFound) };
    host.put(&out, &amount.units().to_le_bytes())?;
    Ok(Status::Ok)
}

/// The price of the row covers looking a value up whatever its length; bytes are paid for by the room given for them.
pub(crate) fn storage_get<W: World>(
    host: &mut Host<'_, W>,
    key: i32,
    klen: i32,
    out: i32,
    cap: i32,
    len_out: i32,
) -> Result<Status, Exit> {
    let key = host.bytes(key, klen)?;
    let (out, len_out) = (host.range(out, cap)?, host.fixed::<4>(len_out)?);
    host.charge(host.frame().cost.row_read(out.len().min(VALUE_MAX)))?;
    if key.len() > KEY_MAX {
        return Ok(Status::Limit);
    }
    let frame = host.frame_mut();
    let Some(value) = frame.world.storage_get(&frame.call.contract, &key)? else { return Ok(Status::NotFound) };
    host.reply(&out, &len_out, &value)
}

pub(crate) fn storage_set<W: World>(
    host: &mut Host<'_, W>,
    key: i32,
    klen: i32,
    val: i32,
    vlen: i32,
) -> Result<Status, Exit> {
    let (key, value) = (host.bytes(key, klen)?, host.bytes(val, vlen)?);
    host.charge(host.frame().cost.row_write(value.len()))?;
    if key.len() > KEY_MAX || value.len() > VALUE_MAX {
        return Ok(Status::Limit);
    }
    let frame = host.frame_mut();
    if !frame.count_write() {
        return Ok(Status::Limit);
    }
    frame.world.storage_set(&frame.call.contract, &key, &value)?;
    Ok(Status::Ok)
}

pub(crate) fn storage_remove<W: World>(host: &mut Host<'_, W>, key: i32, klen: i32) -> Result<Status, Exit> {
    let key = host.bytes(key, klen)?;
    host.charge(host.frame().cost.storage_remove)?;
    if key.len() > KEY_MAX {
        return Ok(Status::Limit);
    }
    let frame = host.frame_mut();
    if !frame.count_write() {
        return Ok(Status::Limit);
    }
    let removed = frame.world.storage_remove(&frame.call.contract, &key)?;
    Ok(if removed { Status::Ok } else { Status::NotFound })
}

pub(crate) fn emit_event<W: World>(
    host: &mut Host<'_, W>,
    topic: i32,
    tlen: i32,
    data: i32,
    dlen: i32,
) -> Result<Status, Exit> {
    let (topic, data) = (host.bytes(topic, tlen)?, host.bytes(data, dlen)?);
    host.charge(host.frame().cost.emit(topic.len().saturating_add(data.len())))?;
    if topic.len() > TOPIC_MAX || data.len() > EVENT_DATA_MAX {
        return Ok(Status::Limit);
    }
    let frame = host.frame_mut();
    if !frame.count_event() {
        return Ok(Status::Limit);
    }
    frame.world.emit(&frame.call.contract, &topic, &data);
    Ok(Status::Ok)
}

pub(crate) fn hash<W: World>(
    host: &mut Host<'_, W>,
    alg: i32,
    input: i32,
    len: i32,
    out32: i32,
) -> Result<Status, Exit> {
    let input = host.bytes(input, len)?;
    let out = host.fixed::<32>(out32)?;
    let digest: [u8; 32] = match alg {
        hash_alg::SHA256 => {
            host.charge(host.frame().cost.sha256(input.len()))?;
            Sha256::digest(&input).into()
        }
        hash_alg::POSEIDON_INPUT_ROOT => {
            host.charge(host.frame().cost.input_root(input.len()))?;
            zera_statement::scalar_to_be(&zera_statement::input_root(&input))
        }
        _ => return Err(Exit::Abi("unknown hash algorithm")),
    };
    host.put(&out, &digest)?;
    Ok(Status::Ok)
}

pub(crate) fn predicate_id<W: World>(host: &mut Host<'_, W>, name: i32, nlen: i32, out32: i32) -> Result<Status, Exit> {
    let name = host.bytes(name, nlen)?;
    let out = host.fixed::<32>(out32)?;
    host.charge(host.frame().cost.row_read(32))?;
    if name.len() > PREDICATE_NAME_MAX {
        return Ok(Status::NotFound);
    }
    let Some(predicate) = host.frame_mut().world.predicate_by_name(&name)? else { return Ok(Status::NotFound) };
    host.put(&out, predicate.as_bytes())?;
    Ok(Status::Ok)
}

pub(crate) fn request_offchain_computation<W: World>(
    host: &mut Host<'_, W>,
    req: i32,
    rlen: i32,
    out_handle8: i32,
) -> Result<Status, Exit> {
    let bytes = host.bytes(req, rlen)?;
    let out = host.fixed::<8>(out_handle8)?;
    let request = match Request::decode(&bytes) {
        Ok(request) => request,
        Err(WireError::Limit) => return Ok(Status::Limit),
        Err(WireError::Flags) => return Err(Exit::Abi("request: reserved flags are set")),
        Err(_) => return Err(Exit::Abi("request: length does not match its fields")),
    };
    host.charge(host.frame().cost.open(bytes.len(), request.public.len()))?;
    // A commitment that is no canonical scalar could never be met: the task would be paid for and not answerable.
    if !request.expected.chunks_exact(FIELD_LEN).all(is_scalar) {
        return Ok(Status::Encoding);
    }
    let frame = host.frame_mut();
    match frame.world.request(&frame.call.contract, &request) {
        Ok(handle) => {
            host.put(&out, &handle.to_le_bytes())?;
            Ok(Status::Ok)
        }
        Err(denied) => status(denied),
    }
}

pub(crate) fn store_pending_computation<W: World>(host: &mut Host<'_, W>, handle: i64) -> Result<Status, Exit> {
    host.charge(host.frame().cost.row_write(0))?;
    let frame = host.frame_mut();
    Ok(frame.world.store_pending(&frame.call.contract, handle.cast_unsigned())?)
}

pub(crate) fn is_computation_verified<W: World>(host: &mut Host<'_, W>, handle: i64) -> Result<Status, Exit> {
    host.charge(host.frame().cost.row_read(0))?;
    let frame = host.frame_mut();
    Ok(frame.world.is_verified(&frame.call.contract, handle.cast_unsigned())?)
}

pub(crate) fn clear_pending_computation<W: World>(host: &mut Host<'_, W>, handle: i64) -> Result<Status, Exit> {
    host.charge(host.frame().cost.row_write(0))?;
    let frame = host.frame_mut();
    Ok(frame.world.clear_pending(&frame.call.contract, handle.cast_unsigned())?)
}

pub(crate) fn task_id<W: World>(host: &mut Host<'_, W>, handle: i64, out32: i32) -> Result<Status, Exit> {
    let out = host.fixed::<32>(out32)?;
    host.charge(host.frame().cost.row_read(32))?;
    let frame = host.frame_mut();
    let task = frame.world.task_id(&frame.call.contract, handle.cast_unsigned())?;
    let Some(task) = task else { return Ok(Status::NotFound) };
    host.put(&out, task.as_bytes())?;
    Ok(Status::Ok)
}

pub(crate) fn task_handle<W: World>(host: &mut Host<'_, W>, task32: i32, out8: i32) -> Result<Status, Exit> {
    let task = TaskId(host.array(task32)?);
    let out = host.fixed::<8>(out8)?;
    host.charge(host.frame().cost.row_read(8))?;
    let frame = host.frame_mut();
    match frame.world.task_handle(&frame.call.contract, &task) {
        Ok(handle) => {
            host.put(&out, &handle.to_le_bytes())?;
            Ok(Status::Ok)
        }
        Err(denied) => status(denied),
    }
}

pub(crate) fn task_status<W: World>(host: &mut Host<'_, W>, handle: i64, out4: i32) -> Result<Status, Exit> {
    let out = host.fixed::<4>(out4)?;
    host.charge(host.frame().cost.row_read(4))?;
    let frame = host.frame_mut();
    let task = frame.world.task_status(&frame.call.contract, handle.cast_unsigned())?;
    let Some(task) = task else { return Ok(Status::NotFound) };
    let [low, high] = task.reason.to_le_bytes();
    host.put(&out, &[task.level.code(), task.end.code(), low, high])?;
    Ok(Status::Ok)
}

pub(crate) fn task_outcome<W: World>(
    host: &mut Host<'_, W>,
    handle: i64,
    out: i32,
    cap: i32,
    len_out: i32,
) -> Result<Status, Exit> {
    let (out, len_out) = (host.range(out, cap)?, host.fixed::<4>(len_out)?);
    host.charge(host.frame().cost.row_read(out.len().min(VALUE_MAX)))?;
    let frame = host.frame_mut();
    match frame.world.task_outcome(&frame.call.contract, handle.cast_unsigned()) {
        Ok((outcome, declared)) => {
            let mut bytes = vec![outcome.code()];
            bytes.extend(declared.iter().flatten());
            host.reply(&out, &len_out, &bytes)
        }
        Err(denied) => status(denied),
    }
}

pub(crate) fn cancel_task<W: World>(host: &mut Host<'_, W>, handle: i64) -> Result<Status, Exit> {
    host.charge(host.frame().cost.row_write(0))?;
    let frame = host.frame_mut();
    Ok(frame.world.cancel(&frame.call.contract, handle.cast_unsigned())?)
}

pub(crate) fn balance<W: World>(host: &mut Host<'_, W>, out16: i32) -> Result<Status, Exit> {
    let out = host.fixed::<16>(out16)?;
    host.charge(host.frame().cost.row_read(16))?;
    let frame = host.frame_mut();
    let balance = frame.world.balance(&frame.call.contract);
    host.put(&out, &balance.units().to_le_bytes())?;
    Ok(Status::Ok)
}

/// The rows of both accounts are paid for.
pub(crate) fn transfer<W: World>(host: &mut Host<'_, W>, to32: i32, amount16: i32) -> Result<Status, Exit> {
    let to = AccountId(host.array(to32)?);
    let amount = Amount::from_units(u128::from_le_bytes(host.array(amount16)?));
    host.charge(host.frame().cost.row_write(0).saturating_mul(2))?;
    let frame = host.frame_mut();
    Ok(frame.world.transfer(&frame.call.contract, &to, amount))
}

/// Pays for the number of inputs that it was given before anything is looked at.
pub(crate) fn verify_groth16<W: World>(
    host: &mut Host<'_, W>,
    key32: i32,
    inputs: i32,
    ilen: i32,
    proof256: i32,
) -> Result<Status, Exit> {
    let key = KeyId(host.array(key32)?);
    let inputs = host.bytes(inputs, ilen)?;
    let proof: [u8; PROOF_LEN] = host.array(proof256)?;
    let (scalars, rest) = inputs.as_chunks::<FIELD_LEN>();
    if !rest.is_empty() {
        return Err(Exit::Abi("public inputs: length is no multiple of 32"));
    }
    let count = scalars.len();
    host.charge(host.frame().cost.verify(count))?;
    if count == 0 || count > MAX_PUBLIC_INPUTS {
        return Ok(Status::Count);
    }
    let world = &mut host.frame_mut().world;
    match world.key_inputs(&key)? {
        None => Ok(Status::Key),
        Some(expected) if expected != count => Ok(Status::Count),
        Some(_) => Ok(world.verify_raw(&key, &inputs, &proof)?),
    }
}

/// Pays for the number of inputs and the input root that the claim calls for before anything is verified.
pub(crate) fn verify_statement<W: World>(
    host: &mut Host<'_, W>,
    key32: i32,
    claim: i32,
    clen: i32,
    proof256: i32,
) -> Result<Status, Exit> {
    let key = KeyId(host.array(key32)?);
    let bytes = host.bytes(claim, clen)?;
    let proof: [u8; PROOF_LEN] = host.array(proof256)?;
    let claim = match Claim::decode(&bytes) {
        Ok(claim) => claim,
        Err(WireError::Limit | WireError::Outcome) => return Ok(Status::Limit),
        Err(_) => return Err(Exit::Abi("claim: length does not match its fields")),
    };
    let declared = claim.declared.len().checked_div(FIELD_LEN).unwrap_or(0);
    host.charge(host.frame().cost.verify_claim(claim.public.len(), declared))?;
    let frame = host.frame_mut();
    if Height(claim.not_after) < frame.world.height() {
        return Ok(Status::Deadline);
    }
    match frame.world.key_inputs(&key)? {
        None => Ok(Status::Key),
        Some(expected) if expected != declared.saturating_add(STATEMENT_INPUTS) => Ok(Status::Count),
        Some(_) => Ok(frame.world.verify_claim(&frame.call.contract, &key, &claim, &proof)?),
    }
}

pub(crate) fn return_data<W: World>(host: &mut Host<'_, W>, ptr: i32, len: i32) -> Result<Status, Exit> {
    let bytes = host.bytes(ptr, len)?;
    if bytes.len() > RETURN_DATA_MAX {
        return Ok(Status::Limit);
    }
    host.frame_mut().set_returned(bytes);
    Ok(Status::Ok)
}

/// Unwinds the guest. The fuel is read here, where it is exact.
pub(crate) fn abort<W: World>(host: &mut Host<'_, W>, code: i32, ptr: i32, len: i32) -> Result<(), Exit> {
    let message = host.bytes(ptr, len)?;
    if message.len() > ABORT_MESSAGE_MAX {
        return Err(Exit::Abi("abort: message longer than 256 bytes"));
    }
    let message = String::from_utf8_lossy(&message).into_owned();
    Err(Exit::Abort { code, message, fuel_left: host.fuel_left()? })
}

pub(crate) fn debug<W: World>(host: &mut Host<'_, W>, ptr: i32, len: i32) -> Result<(), Exit> {
    let text = host.bytes(ptr, len)?;
    let frame = host.frame_mut();
    if frame.count_log(text.len()) {
        frame.world.log(&frame.call.contract, &text);
    }
    Ok(())
}

fn status(denied: Denied) -> Result<Status, Exit> {
    match denied {
        Denied::Status(status) => Ok(status),
        Denied::Fault(fault) => Err(Exit::Fault(fault)),
    }
}

fn is_scalar(bytes: &[u8]) -> bool {
    <&[u8; FIELD_LEN]>::try_from(bytes).is_ok_and(|bytes| zera_statement::scalar_from_be(bytes).is_some())
}
