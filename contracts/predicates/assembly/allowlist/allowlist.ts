// May I take part? My entry is in the register with this root, and satisfies the rule that the sale has for my country.
//
// Public: register's root, a cell of 32 | rules 6 x (country u16 | least balance u64).
// Private: country u16 | balance u64 | index of my entry u8 | siblings 8 x 32, from the leaf up.
// An entry is the Poseidon digest of country and balance. The first rule for a country counts; no rule, no part.
import * as zera from "../zera";

const RULES: i32 = 6;
const RULE: i32 = 2 + 8;
const DEPTH: i32 = 8;

export function predicate(): i32 {
  const country = zera.privateAt<u16>(0);
  const balance = zera.privateAt<u64>(2);
  if (!allowed(country, balance)) return 0;

  const entry = zera.poseidon(zera.Cells.of([country, balance]));
  const siblings = zera.Cells.fromPrivate(11, DEPTH);
  const root = zera.merkleRoot(entry, siblings, zera.privateAt<u8>(10));
  return i32(root == zera.Cells.fromPublic(0, 1));
}

function allowed(country: u16, balance: u64): bool {
  for (let rule = 0; rule < RULES; rule++) {
    const offset = zera.CELL + rule * RULE;
    if (zera.publicAt<u16>(offset) == country) return balance >= zera.publicAt<u64>(offset + 2);
  }
  return false;
}
