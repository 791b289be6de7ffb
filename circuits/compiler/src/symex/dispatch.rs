//! Calls through the table with an index that is not known: one made function a type, that branches on the index.

use super::module::{Callee, Function, Module, Op};

/// Distinct functions that a dispatcher chooses from; types with more have none.
const FUNCTIONS_MAX: usize = 256;
/// Table elements in all dispatchers together; types beyond have none.
const ELEMENTS_MAX: usize = 1 << 20;

/// Makes the dispatchers of the types that are called through the table.
pub fn make(module: &mut Module) {
    let of = |op: &Op| if let Op::CallIndirect(ty) = op { Some(*ty) } else { None };
    let mut types: Vec<u32> =
        module.functions.iter().flat_map(|function| function.code.iter().filter_map(of)).collect();
    types.sort_unstable();
    types.dedup();
    if types.len().saturating_mul(module.table.len()) > ELEMENTS_MAX {
        return;
    }
    for ty in types {
        let mut functions: Vec<u32> = module
            .table
            .iter()
            .flatten()
            .copied()
            .filter(|function| module.callees[*function as usize].1 == ty)
            .collect();
        functions.sort_unstable();
        functions.dedup();
        if functions.len() <= FUNCTIONS_MAX {
            let dispatcher = dispatcher(module, ty, &functions);
            module.dispatchers.insert(ty, module.functions.len() as u32);
            module.functions.push(dispatcher);
            module.names.push("call_indirect".to_owned());
        }
    }
}

/// `block .. block br_table end call return end call return .. end unreachable end`: block `j` from inside is for function
/// `j`, the outermost for elements that are null or of another type.
fn dispatcher(module: &Module, ty: u32, functions: &[u32]) -> Function {
    let signature = &module.types[ty as usize];
    let (params, results) = (signature.params.len() as u32, signature.results.len() as u32);
    let trap = functions.len() as u32;
    let block = |element: &Option<u32>| {
        let at = element.and_then(|function| functions.binary_search(&function).ok());
        at.map_or(trap, |at| at as u32)
    };
    let mut targets: Vec<u32> = module.table.iter().map(block).collect();
    targets.push(trap);
    let each = params + 3;
    let first_end = trap + 1 + 2;
    let mut code: Vec<Op> =
        (0..=trap).rev().map(|at| Op::Block { end: first_end + at * each, params: 0, results: 0 }).collect();
    code.push(Op::LocalGet(params));
    code.push(Op::BrTable { first: 0, count: targets.len() as u32 });
    for function in functions {
        code.push(Op::End);
        code.extend((0..params).map(Op::LocalGet));
        code.push(match module.callees[*function as usize].0 {
            Callee::Import(intrinsic) => Op::Intrinsic(intrinsic),
            Callee::Defined(index) => Op::Call(index),
        });
        code.push(Op::Return);
    }
    code.extend([Op::End, Op::Unreachable, Op::End]);
    Function {
        ty,
        params: params + 1,
        results,
        local_count: params + 1,
        offsets: vec![0; code.len()],
        code,
        targets,
        ..Function::default()
    }
}
