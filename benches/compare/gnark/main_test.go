package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

type section struct {
	kind    uint32
	content []byte
}

func file(magic string, version uint32, sections ...section) []byte {
	out := append([]byte(magic), u32s(version, uint32(len(sections)))...)
	for _, s := range sections {
		out = append(out, u32s(s.kind)...)
		out = binary.LittleEndian.AppendUint64(out, uint64(len(s.content)))
		out = append(out, s.content...)
	}
	return out
}

func u32s(numbers ...uint32) []byte {
	var out []byte
	for _, number := range numbers {
		out = binary.LittleEndian.AppendUint32(out, number)
	}
	return out
}

func little(value fr.Element) []byte {
	out := value.Bytes()
	slices.Reverse(out[:])
	return out[:]
}

func modulus() []byte {
	out := fr.Modulus().FillBytes(make([]byte, scalarLen))
	slices.Reverse(out)
	return out
}

// header is the first section of an .r1cs.
func header(wires, outputs, inputs, privates, rows uint32) []byte {
	out := append(u32s(scalarLen), modulus()...)
	out = append(out, u32s(wires, outputs, inputs, privates)...)
	out = binary.LittleEndian.AppendUint64(out, uint64(wires))
	return append(out, u32s(rows)...)
}

// row is: the product of two wires is the third.
func row(wires ...uint32) []byte {
	var out []byte
	for _, wire := range wires {
		out = append(out, u32s(1, wire)...)
		out = append(out, little(fr.One())...)
	}
	return out
}

// powers is x^4 = y with the wires 1, y, x, x^2: `publics` of the last three are public.
func powers(publics uint32) []byte {
	return file("r1cs", 1, section{1, header(4, 0, publics, 0, 2)},
		section{2, slices.Concat(row(2, 2, 3), row(3, 3, 1))}, section{3, make([]byte, 4*labelLen)})
}

func values(numbers ...uint64) []byte {
	var out []byte
	for _, number := range numbers {
		out = append(out, little(fr.NewElement(number))...)
	}
	head := append(append(u32s(scalarLen), modulus()...), u32s(uint32(len(numbers)))...)
	return file("wtns", 2, section{1, head}, section{2, out})
}

// save writes both files and gives the arguments that name them.
func save(t *testing.T, r1cs, wtns []byte) []string {
	t.Helper()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "powers.r1cs"), filepath.Join(dir, "powers.wtns")
	for path, data := range map[string][]byte{a: r1cs, b: wtns} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"--r1cs", a, "--wtns", b, "--threads", strconv.Itoa(runtime.NumCPU())}
}

func TestProofsAreMadeVerifiedAndReported(t *testing.T) {
	for _, publics := range []uint32{0, 1, 3} {
		var out bytes.Buffer
		args := append(save(t, powers(publics), values(1, 81, 3, 9)), "--runs", "3")
		if err := run(args, &out, io.Discard); err != nil {
			t.Fatalf("%d public wires: %v", publics, err)
		}
		var r report
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Rows != 2 || r.Wires != 4 || r.Publics != publics || r.Domain != 2 || r.N != 3 || len(r.Runs) != 3 {
			t.Errorf("report: %s", out.String())
		}
		if r.Phases == nil || r.Circuit != "powers" || r.Min > r.Median || r.Median > r.Max || r.Verify <= 0 {
			t.Errorf("report: %s", out.String())
		}
	}
}

func TestOneRowIsEnough(t *testing.T) {
	square := file("r1cs", 1, section{1, header(3, 0, 1, 0, 1)}, section{2, row(2, 2, 1)},
		section{3, make([]byte, 3*labelLen)})
	if err := run(save(t, square, values(1, 9, 3)), io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
}

func TestFilesThatDoNotFitAreRefused(t *testing.T) {
	good := powers(1)
	for _, c := range []struct {
		name       string
		r1cs, wtns []byte
		want       string
	}{
		{"rows do not hold", good, values(1, 82, 3, 9), "does not satisfy the circuit"},
		{"too few values", good, values(1, 81, 3), "3 values for 4 wires"},
		{"files swapped", values(1, 81, 3, 9), good, "does not start as a .r1cs file"},
		{"empty", nil, nil, "does not start as a .r1cs file"},
	} {
		err := run(save(t, c.r1cs, c.wtns), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	args := save(t, powers(1), values(1, 81, 3, 9))
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "are needed"},
		{append(slices.Clone(args), "--runs", "0"), "at least 1"},
		{append(slices.Clone(args), "--threads", strconv.Itoa(runtime.NumCPU()+1)), "taskset"},
		{append(slices.Clone(args), "more"), "not an option"},
		{append(slices.Clone(args), "--wtns", t.TempDir()), "not a file"},
		{append(slices.Clone(args), "--wtns", "/nowhere"), "no such file"},
		{append(slices.Clone(args), "--zkey", "x"), "not defined"},
	} {
		err := run(c.args, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.args, err)
		}
	}
}

// decode reads rows as far as gnark's form of them.
func decode(data []byte) error {
	c, err := readR1CS(data)
	if err == nil {
		_, err = c.system()
	}
	return err
}

func TestBadCircuitsAreRefused(t *testing.T) {
	labels := make([]byte, 4*labelLen)
	rows := slices.Concat(row(2, 2, 3), row(3, 3, 1))
	of := func(header, rows, labels []byte) []byte {
		return file("r1cs", 1, section{1, header}, section{2, rows}, section{3, labels})
	}
	head := header(4, 0, 1, 0, 2)
	otherField := slices.Clone(head)
	otherField[4]++
	otherLength := slices.Clone(head)
	otherLength[0] = 48
	tooGreat := slices.Clone(rows)
	copy(tooGreat[8:], modulus())
	manyTerms := slices.Clone(rows)
	copy(manyTerms, u32s(1<<31))
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"version", file("r1cs", 2), "version 2, expected 1"},
		{"no header", file("r1cs", 1, section{2, rows}, section{3, labels}), "section 1 is missing"},
		{"no rows", file("r1cs", 1, section{1, head}, section{3, labels}), "section 2 is missing"},
		{"no labels", file("r1cs", 1, section{1, head}, section{2, rows}), "section 3 is missing"},
		{"twice", file("r1cs", 1, section{1, head}, section{1, head}), "occurs twice"},
		{"custom gates", file("r1cs", 1, section{4, nil}), "custom gates"},
		{"rest", append(of(head, rows, labels), 0), errLength.Error()},
		{"sections without end", append([]byte("r1cs"), u32s(1, 1<<32-1)...), errLength.Error()},
		{"length of 2^64 - 1", append([]byte("r1cs"), u32s(1, 1, 1, 1<<32-1, 1<<32-1)...), errLength.Error()},
		{"field", of(otherField, rows, labels), "the field is not"},
		{"scalar's length", of(otherLength, rows, labels), "scalars of 48 bytes"},
		{"header's rest", of(append(slices.Clone(head), 0), rows, labels), errLength.Error()},
		{"no wires", of(header(0, 0, 0, 0, 2), rows, nil), "among 0 wires"},
		{"publics", of(header(4, 2, 2, 0, 2), rows, labels), "4 outputs and inputs and wire 0 among 4 wires"},
		{"publics past 2^32", of(header(4, 1<<32-1, 2, 0, 2), rows, labels), "4294967297 outputs"},
		{"2^32 - 1 wires", of(header(1<<32-1, 0, 1, 0, 2), rows, labels), "labels of 4294967295 wires"},
		{"2^32 - 1 rows", of(header(4, 0, 1, 0, 1<<32-1), rows, labels), "expected 4294967295 rows"},
		{"none", of(header(4, 0, 1, 0, 0), nil, labels), "no rows"},
		{"too few rows", of(head, rows[:len(rows)/2], labels), errLength.Error()},
		{"too many rows", of(head, append(slices.Clone(rows), 0), labels), "1 bytes after the last row"},
		{"2^31 terms", of(head, manyTerms, labels), "2147483648 terms"},
		{"wire", of(head, slices.Concat(row(2, 2, 4), row(3, 3, 1)), labels), "row 0: wire 4 of 4"},
		{"coefficient", of(head, tooGreat, labels), "the coefficient of wire 2 is not below the modulus"},
	} {
		if err := decode(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestBadAssignmentsAreRefused(t *testing.T) {
	good := values(1, 81, 3, 9)
	head := append(append(u32s(scalarLen), modulus()...), u32s(1)...)
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"version", file("wtns", 1), "version 1, expected 2"},
		{"no values", file("wtns", 2, section{1, head}), "section 2 is missing"},
		{"count", file("wtns", 2, section{1, head}, section{2, make([]byte, 33)}), "expected 1 values, got 33 bytes"},
		{"value", file("wtns", 2, section{1, head}, section{2, modulus()}), "value 0 is not below the modulus"},
		{"first", values(2, 81, 3, 9), "the first value is not 1"},
		{"none", values(), "the first value is not 1"},
		{"rest", append(slices.Clone(good), 0), errLength.Error()},
	} {
		if _, err := readWTNS(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Every file that ends early is refused, and none that differs in a byte makes a reader panic.
func TestBrokenFilesDoNotPanic(t *testing.T) {
	readers := map[string]struct {
		good []byte
		read func([]byte) error
	}{
		"r1cs": {powers(1), decode},
		"wtns": {values(1, 81, 3, 9), func(data []byte) error { _, err := readWTNS(data); return err }},
	}
	for name, c := range readers {
		if err := c.read(c.good); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for n := range c.good {
			if c.read(c.good[:n]) == nil {
				t.Errorf("%s: %d of %d bytes are accepted", name, n, len(c.good))
			}
		}
		for i := range c.good {
			for _, flip := range []byte{1, 0x80, 0xff} {
				bad := slices.Clone(c.good)
				bad[i] ^= flip
				if err := c.read(bad); err != nil && strings.Contains(fmt.Sprint(err), "\n") {
					t.Errorf("%s: more than a line: %v", name, err)
				}
			}
		}
	}
}
