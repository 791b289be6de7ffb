package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
)

// A file of sections, as circuits/iden3 describes it: magic, version, number of sections; per section its type (u32),
// length (u64) and content. Numbers are little-endian. Every count is compared with the bytes that there are before
// anything is allocated by it.

const (
	// fileMax is the longest file that is read, in bytes.
	fileMax = 4 << 30
	// scalarLen is the length of a scalar, in bytes.
	scalarLen = 32
	// rowLenMin is the length of a row without terms: three counts.
	rowLenMin = 3 * 4
	// labelLen is the length of a wire's label.
	labelLen = 8
)

var errLength = errors.New("length does not match the sections")

// read gives the bytes of a file.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a file", path)
	}
	if info.Size() > fileMax {
		return nil, fmt.Errorf("%s: %d bytes, at most %d are read", path, info.Size(), int64(fileMax))
	}
	return os.ReadFile(path)
}

// reader takes from the front of bytes.
type reader struct{ rest []byte }

func (r *reader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.rest)) {
		return nil, errLength
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken, nil
}

func (r *reader) u32() (uint32, error) {
	bytes, err := r.take(4)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(bytes), nil
}

func (r *reader) u64() (uint64, error) {
	bytes, err := r.take(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(bytes), nil
}

// u32s reads one number into each place.
func (r *reader) u32s(places ...*uint32) error {
	for _, place := range places {
		number, err := r.u32()
		if err != nil {
			return err
		}
		*place = number
	}
	return nil
}

func (r *reader) end() error {
	if len(r.rest) > 0 {
		return errLength
	}
	return nil
}

// field reads a scalar's length and the modulus, which must be those of BN254's scalars.
func (r *reader) field() error {
	length, err := r.u32()
	if err != nil {
		return err
	}
	if length != scalarLen {
		return fmt.Errorf("scalars of %d bytes, expected %d", length, scalarLen)
	}
	bytes, err := r.take(scalarLen)
	if err != nil {
		return err
	}
	var bigEndian [scalarLen]byte
	for i, b := range bytes {
		bigEndian[scalarLen-1-i] = b
	}
	if [scalarLen]byte(fr.Modulus().FillBytes(make([]byte, scalarLen))) != bigEndian {
		return errors.New("the field is not that of BN254's scalars")
	}
	return nil
}

// sections gives the contents of the sections of types 1 to 5; others are stepped over.
func sections(data []byte, magic string, version uint32) (map[uint32][]byte, error) {
	r := reader{data}
	start, err := r.take(4)
	if err != nil || string(start) != magic {
		return nil, fmt.Errorf("does not start as a .%s file", magic)
	}
	var got, count uint32
	if err := r.u32s(&got, &count); err != nil {
		return nil, err
	}
	if got != version {
		return nil, fmt.Errorf("version %d, expected %d", got, version)
	}
	found := make(map[uint32][]byte)
	for range count {
		kind, err := r.u32()
		if err != nil {
			return nil, err
		}
		length, err := r.u64()
		if err != nil {
			return nil, err
		}
		content, err := r.take(length)
		if err != nil {
			return nil, err
		}
		if kind < 1 || kind > 5 {
			continue
		}
		if _, twice := found[kind]; twice {
			return nil, fmt.Errorf("section %d occurs twice", kind)
		}
		found[kind] = content
	}
	return found, r.end()
}

// present gives the contents of the sections of these types, each of which must be there.
func present(found map[uint32][]byte, kinds ...uint32) ([][]byte, error) {
	contents := make([][]byte, 0, len(kinds))
	for _, kind := range kinds {
		content, ok := found[kind]
		if !ok {
			return nil, fmt.Errorf("section %d is missing", kind)
		}
		contents = append(contents, content)
	}
	return contents, nil
}

// scalar decodes a scalar below the modulus.
func scalar(bytes []byte) (fr.Element, error) {
	return fr.LittleEndian.Element((*[scalarLen]byte)(bytes))
}

// circuit is a constraint system whose header is checked and whose rows are not yet read.
// Wires: the constant 1, public outputs, public inputs, all others; gnark's order, too.
type circuit struct {
	wires, publics, rows uint32
	body                 []byte
}

// readR1CS decodes an .r1cs, version 1.
func readR1CS(data []byte) (circuit, error) {
	c, err := decodeR1CS(data)
	if err != nil {
		return circuit{}, fmt.Errorf("r1cs: %w", err)
	}
	return c, nil
}

func decodeR1CS(data []byte) (circuit, error) {
	found, err := sections(data, "r1cs", 1)
	if err != nil {
		return circuit{}, err
	}
	for _, kind := range []uint32{4, 5} {
		if _, custom := found[kind]; custom {
			return circuit{}, fmt.Errorf("custom gates (section %d), which only plonk systems have", kind)
		}
	}
	contents, err := present(found, 1, 2, 3)
	if err != nil {
		return circuit{}, err
	}
	header, body, labels := reader{contents[0]}, contents[1], contents[2]
	if err := header.field(); err != nil {
		return circuit{}, err
	}
	var wires, outputs, inputs, privates, rows uint32
	if err := header.u32s(&wires, &outputs, &inputs, &privates); err != nil {
		return circuit{}, err
	}
	if _, err := header.u64(); err != nil {
		return circuit{}, err
	}
	if err := header.u32s(&rows); err != nil {
		return circuit{}, err
	}
	if err := header.end(); err != nil {
		return circuit{}, err
	}
	if all := uint64(outputs) + uint64(inputs) + uint64(privates); all >= uint64(wires) {
		return circuit{}, fmt.Errorf("%d outputs and inputs and wire 0 among %d wires", all, wires)
	}
	// The labels pay for the wires, and the counts of terms for the rows.
	if uint64(len(labels)) != labelLen*uint64(wires) {
		return circuit{}, fmt.Errorf("expected labels of %d wires, got %d bytes of them", wires, len(labels))
	}
	if uint64(len(body)) < rowLenMin*uint64(rows) {
		return circuit{}, fmt.Errorf("expected %d rows, got %d bytes of them", rows, len(body))
	}
	if rows == 0 {
		return circuit{}, errors.New("no rows")
	}
	return circuit{wires: wires, publics: outputs + inputs, rows: rows, body: body}, nil
}

// system gives gnark's form of the circuit. Every wire is an input, so that the solver computes nothing: it multiplies
// rows with the assignment and checks them.
func (c circuit) system() (*cs.R1CS, error) {
	system := cs.NewR1CS(int(c.rows))
	for range 1 + c.publics {
		system.AddPublicVariable("")
	}
	for range c.wires - 1 - c.publics {
		system.AddSecretVariable("")
	}
	generic := system.AddBlueprint(&constraint.BlueprintGenericR1C{})
	r := reader{c.body}
	for row := range c.rows {
		var sides [3]constraint.LinearExpression
		for i := range sides {
			side, err := c.terms(&r, system)
			if err != nil {
				return nil, fmt.Errorf("r1cs: row %d: %w", row, err)
			}
			sides[i] = side
		}
		system.AddR1C(constraint.R1C{L: sides[0], R: sides[1], O: sides[2]}, generic)
	}
	if len(r.rest) > 0 {
		return nil, fmt.Errorf("r1cs: %d bytes after the last row", len(r.rest))
	}
	return system, nil
}

// terms reads one side of a row, without zeros.
func (c circuit) terms(r *reader, system *cs.R1CS) (constraint.LinearExpression, error) {
	count, err := r.u32()
	if err != nil {
		return nil, err
	}
	if uint64(count)*(4+scalarLen) > uint64(len(r.rest)) {
		return nil, fmt.Errorf("%d terms in %d bytes", count, len(r.rest))
	}
	terms := make(constraint.LinearExpression, 0, count)
	for range count {
		wire, err := r.u32()
		if err != nil {
			return nil, err
		}
		if wire >= c.wires {
			return nil, fmt.Errorf("wire %d of %d", wire, c.wires)
		}
		bytes, err := r.take(scalarLen)
		if err != nil {
			return nil, err
		}
		value, err := scalar(bytes)
		if err != nil {
			return nil, fmt.Errorf("the coefficient of wire %d is not below the modulus", wire)
		}
		if value.IsZero() {
			continue
		}
		var coefficient constraint.U64
		copy(coefficient[:], value[:])
		terms = append(terms, system.MakeTerm(coefficient, int(wire)))
	}
	return terms, nil
}

// readWTNS decodes a .wtns, version 2, whose first value is 1.
func readWTNS(data []byte) (fr.Vector, error) {
	z, err := decodeWTNS(data)
	if err != nil {
		return nil, fmt.Errorf("wtns: %w", err)
	}
	return z, nil
}

func decodeWTNS(data []byte) (fr.Vector, error) {
	found, err := sections(data, "wtns", 2)
	if err != nil {
		return nil, err
	}
	contents, err := present(found, 1, 2)
	if err != nil {
		return nil, err
	}
	header, values := reader{contents[0]}, contents[1]
	if err := header.field(); err != nil {
		return nil, err
	}
	count, err := header.u32()
	if err != nil {
		return nil, err
	}
	if err := header.end(); err != nil {
		return nil, err
	}
	if uint64(len(values)) != scalarLen*uint64(count) {
		return nil, fmt.Errorf("expected %d values, got %d bytes of them", count, len(values))
	}
	z := make(fr.Vector, count)
	for i := range z {
		if z[i], err = scalar(values[scalarLen*i : scalarLen*(i+1)]); err != nil {
			return nil, fmt.Errorf("value %d is not below the modulus", i)
		}
	}
	if len(z) == 0 || !z[0].IsOne() {
		return nil, errors.New("the first value is not 1")
	}
	return z, nil
}
