// gnark's Groth16 prover over BN254, on a circuit and an assignment of circom.
//
//	gnark --r1cs circuit.r1cs --wtns circuit.wtns [--threads 1] [--runs 5]
//
// The key is gnark's own Setup of the same rows and wires, random and kept in memory; it proves once to warm up. Times
// are wall times of groth16.Prove; its solver's share, which here multiplies rows with the assignment and checks them,
// is also told by itself. Every proof is verified. Standard output is one JSON object with the names that
// `zera-compare run` and `memory` use; progress goes to standard error.
//
// gnark splits sums by the number of processors that the process may use, so that number must be --threads:
// `taskset -c 0 gnark --threads 1 ...`.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/backend/groth16"
	groth16_bn254 "github.com/consensys/gnark/backend/groth16/bn254"
	"github.com/consensys/gnark/backend/witness"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/logger"
	"github.com/rs/zerolog"
)

// verifications is how often the last proof is verified for the time that this takes.
const verifications = 25

type options struct {
	r1cs, wtns    string
	threads, runs int
}

// report is what a measurement says. Times are milliseconds; a field is null where it could not be had.
type report struct {
	Circuit string  `json:"circuit"`
	Threads int     `json:"threads"`
	Prover  string  `json:"prover"`
	Median  float64 `json:"median_ms"`
	Min     float64 `json:"min_ms"`
	Max     float64 `json:"max_ms"`
	N       int     `json:"n"`
	// Phases are those of the median run: the solver, and all else.
	Phases *phases `json:"phases_ms"`
	// Runs are in the order in which they were made.
	Runs []float64 `json:"runs_ms"`
	// Verify is the median for one proof with a prepared key, checks of subgroups included.
	Verify float64 `json:"verify_ms"`
	Setup  float64 `json:"setup_ms"`
	// Loaded is the resident size before the first proof, Proved the high-water mark of that proof and Peak that of all.
	Loaded  *uint64 `json:"loaded_mib"`
	Proved  *uint64 `json:"proved_mib"`
	Peak    *uint64 `json:"peak_mib"`
	Rows    uint32  `json:"rows"`
	Wires   uint32  `json:"wires"`
	Publics uint32  `json:"publics"`
	Domain  uint64  `json:"domain"`
	Crypto  string  `json:"gnark_crypto"`
	Go      string  `json:"go"`
}

type phases struct {
	Solve float64 `json:"solve"`
	Prove float64 `json:"prove"`
}

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "error:", strings.ReplaceAll(err.Error(), "\n", " "))
		os.Exit(1)
	}
}

func run(args []string, out, progress io.Writer) error {
	options, err := parse(args, progress)
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(options.threads)
	result, err := measure(options, progress)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(result)
}

func parse(args []string, help io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("gnark", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.r1cs, "r1cs", "", "the circuit, of circom")
	flags.StringVar(&o.wtns, "wtns", "", "its assignment")
	flags.IntVar(&o.threads, "threads", 1, "number of threads, which is that of the processors that the process may use")
	flags.IntVar(&o.runs, "runs", 5, "number of proofs, beside one to warm up")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(help)
			flags.Usage()
		}
		return o, err
	}
	switch processors := runtime.NumCPU(); {
	case flags.NArg() > 0:
		return o, fmt.Errorf("%q: not an option", flags.Arg(0))
	case o.r1cs == "" || o.wtns == "":
		return o, errors.New("--r1cs and --wtns are needed")
	case o.runs < 1:
		return o, fmt.Errorf("--runs %d: at least 1", o.runs)
	case o.threads != processors:
		return o, fmt.Errorf("--threads %d: gnark goes by the processors that the process may use, which are %d; "+
			"pin it (taskset)", o.threads, processors)
	}
	return o, nil
}

func measure(o options, progress io.Writer) (*report, error) {
	clock := &stages{}
	logger.Set(zerolog.New(clock))

	circuit, system, z, err := load(o)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(progress, "%d rows, %d wires, %d of them public\n", circuit.rows, circuit.wires, circuit.publics)
	full, err := assignment(z, circuit.publics)
	if err != nil {
		return nil, err
	}
	public, err := full.Public()
	if err != nil {
		return nil, err
	}
	if _, err := system.Solve(full); err != nil {
		return nil, fmt.Errorf("the assignment does not satisfy the circuit: %w", err)
	}

	start := time.Now()
	pk, vk, err := groth16.Setup(system)
	if err != nil {
		return nil, fmt.Errorf("set-up: %w", err)
	}
	r := &report{
		Circuit: strings.TrimSuffix(filepath.Base(o.r1cs), filepath.Ext(o.r1cs)),
		Threads: o.threads, N: o.runs, Go: runtime.Version(),
		Prover: "gnark " + version("github.com/consensys/gnark"), Crypto: version("github.com/consensys/gnark-crypto"),
		Setup: ms(time.Since(start)),
		Rows:  circuit.rows, Wires: circuit.wires, Publics: circuit.publics,
		Domain: pk.(*groth16_bn254.ProvingKey).Domain.Cardinality,
	}
	fmt.Fprintf(progress, "set-up: %.0f ms\n", r.Setup)

	// What reading and set-up left behind goes back to the system before memory is watched.
	circuit.body, z = nil, nil
	debug.FreeOSMemory()
	if r.Loaded, err = resetHighWater(); err != nil {
		fmt.Fprintln(progress, "memory is not measured:", err)
	}

	var proof groth16.Proof
	var solves []float64
	for i := range 1 + o.runs {
		// A run does not pay for the garbage of the one before.
		runtime.GC()
		*clock = stages{}
		start := time.Now()
		proof, err = groth16.Prove(system, pk, full)
		taken := ms(time.Since(start))
		if err != nil {
			return nil, fmt.Errorf("prove: %w", err)
		}
		if i == 0 && r.Loaded != nil {
			r.Proved = highWater()
		}
		if err := groth16.Verify(proof, vk, public); err != nil {
			return nil, fmt.Errorf("verify: %w", err)
		}
		fmt.Fprintf(progress, "proof %d of %d: %.1f ms\n", i, o.runs, taken)
		if i > 0 {
			r.Runs = append(r.Runs, taken)
			if clock.solve != nil {
				solves = append(solves, *clock.solve)
			}
		}
	}
	if r.Loaded != nil {
		r.Peak = highWater()
	}
	r.Min, r.Max = slices.Min(r.Runs), slices.Max(r.Runs)
	r.Median = median(r.Runs)
	if i := slices.Index(r.Runs, r.Median); len(solves) == len(r.Runs) {
		r.Phases = &phases{Solve: round(solves[i]), Prove: round(r.Median - solves[i])}
	}

	var verifies []float64
	for range verifications {
		start := time.Now()
		if err := groth16.Verify(proof, vk, public); err != nil {
			return nil, fmt.Errorf("verify: %w", err)
		}
		verifies = append(verifies, ms(time.Since(start)))
	}
	r.Verify = median(verifies)
	return r, nil
}

// load reads both files, and refuses them where they do not fit, before the rows become gnark's.
func load(o options) (circuit, *cs.R1CS, fr.Vector, error) {
	fail := func(err error) (circuit, *cs.R1CS, fr.Vector, error) { return circuit{}, nil, nil, err }
	data, err := read(o.r1cs)
	if err != nil {
		return fail(err)
	}
	c, err := readR1CS(data)
	if err != nil {
		return fail(err)
	}
	if data, err = read(o.wtns); err != nil {
		return fail(err)
	}
	z, err := readWTNS(data)
	if err != nil {
		return fail(err)
	}
	if uint64(len(z)) != uint64(c.wires) {
		return fail(fmt.Errorf("wtns: %d values for %d wires", len(z), c.wires))
	}
	system, err := c.system()
	if err != nil {
		return fail(err)
	}
	return c, system, z, nil
}

// assignment is gnark's form of all values but the constant 1.
func assignment(z fr.Vector, publics uint32) (witness.Witness, error) {
	w, err := witness.New(ecc.BN254.ScalarField())
	if err != nil {
		return nil, err
	}
	values := make(chan any)
	go func() {
		defer close(values)
		for _, value := range z[1:] {
			values <- value
		}
	}()
	return w, w.Fill(int(publics), len(z)-1-int(publics), values)
}

// stages listens to gnark's log, which says how long the solver took.
type stages struct{ solve *float64 }

func (s *stages) Write(line []byte) (int, error) {
	var said struct {
		Message string   `json:"message"`
		Took    *float64 `json:"took"`
	}
	if json.Unmarshal(line, &said) == nil && said.Message == "constraint system solver done" {
		s.solve = said.Took
	}
	return len(line), nil
}

// resetHighWater starts the process's high-water mark anew, and gives it.
func resetHighWater() (*uint64, error) {
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return nil, err
	}
	mark := highWater()
	if mark == nil {
		return nil, errors.New("/proc/self/status has no VmHWM")
	}
	return mark, nil
}

// highWater is the process's greatest resident size, in MiB.
func highWater() *uint64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				return nil
			}
			mib := kib / 1024
			return &mib
		}
	}
	return nil
}

// version is that of a module which this program was built with.
func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			version := strings.TrimPrefix(dependency.Version, "v")
			if dependency.Replace != nil {
				version += " (replaced)"
			}
			return version
		}
	}
	return "unknown"
}

// median is the middle one, as `zera-compare` takes it.
func median(times []float64) float64 {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

func ms(taken time.Duration) float64 { return round(taken.Seconds() * 1e3) }

func round(value float64) float64 { return math.Round(value*100) / 100 }
