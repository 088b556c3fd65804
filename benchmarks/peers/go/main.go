// Command go does the canonical round trip of the benchmarks with goroutines and channels, and shows what becomes of
// five mistakes. It needs the standard library alone. `python -m benchmarks.beside_go` builds it and prints both sides.
//
//	go trips FANOUT COUNT    the median of COUNT round trips, in nanoseconds
//	go blocked RUNS          resident bytes a run, with RUNS runs whose three handlers wait
//	go scan                  nanoseconds of the processor to look for personal data in a line of standard input
//	go start                 nothing: the start of a process
//	go fails|silent|misspelt|shared|leaves    one mistake each; prints what became of it
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

type Question struct {
	Corr, Tenant, Kind, Text string
	Limit                    float64
	Series                   []float64
}

type Work struct {
	Corr, Tenant, Kind, Text string
	Limit                    float64
	Series                   []float64
}

type Result struct {
	Corr, Agent, Kind string
	Score             float64
	Note              string
	Series            []float64
}

type Reply struct {
	Corr    string
	Count   int
	Results []Result
}

var series = []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}

// Bus is one analyser and n workers, each a goroutine with a bounded inbox, and the answers gathered by correlation id.
type Bus struct {
	questions chan Question
	inboxes   []chan Work
	mutex     sync.Mutex
	waiting   map[string]*gather
	handle    func(context.Context, Work, string) Result
}

type gather struct {
	results []Result
	done    chan Reply
}

func answer(_ context.Context, work Work, agent string) Result {
	return Result{Corr: work.Corr, Agent: agent, Kind: "result", Score: 0.5, Note: "ok", Series: series}
}

func open(n, concurrency int, handle func(context.Context, Work, string) Result) *Bus {
	bus := &Bus{questions: make(chan Question, 2048), waiting: map[string]*gather{}, handle: handle}
	for k := 0; k < n; k++ {
		inbox := make(chan Work, 2048)
		bus.inboxes = append(bus.inboxes, inbox)
		for c := 0; c < concurrency; c++ {
			go bus.work(inbox, "a"+strconv.Itoa(k))
		}
	}
	go bus.analyse()
	return bus
}

func (bus *Bus) analyse() {
	for asked := range bus.questions {
		work := Work{asked.Corr, asked.Tenant, "work", asked.Text, asked.Limit, asked.Series}
		for _, inbox := range bus.inboxes {
			inbox <- work
		}
	}
}

func (bus *Bus) work(inbox chan Work, agent string) {
	for work := range inbox {
		bus.add(bus.handle(context.Background(), work, agent))
	}
}

func (bus *Bus) add(result Result) {
	bus.mutex.Lock()
	defer bus.mutex.Unlock()
	waiting := bus.waiting[result.Corr]
	waiting.results = append(waiting.results, result)
	if len(waiting.results) == len(bus.inboxes) {
		delete(bus.waiting, result.Corr)
		waiting.done <- Reply{result.Corr, len(waiting.results), waiting.results}
	}
}

func (bus *Bus) ask(number int) chan Reply {
	corr := "r" + strconv.Itoa(number)
	waiting := &gather{done: make(chan Reply, 1)}
	bus.mutex.Lock()
	bus.waiting[corr] = waiting
	bus.mutex.Unlock()
	bus.questions <- Question{corr, "t1", "ask", "how am I doing?", 10, series}
	return waiting.done
}

func trips(fanout, count int) {
	bus := open(fanout, 1, answer)
	times := make([]time.Duration, 0, count)
	for i := 0; i < count+count/10; i++ {
		begun := time.Now()
		reply := <-bus.ask(i)
		if len(reply.Results) != fanout {
			panic("not whole")
		}
		if i >= count/10 {
			times = append(times, time.Since(begun))
		}
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	fmt.Println(times[len(times)/2].Nanoseconds())
}

func resident() int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		panic(err)
	}
	return pages * os.Getpagesize()
}

// blocked starts a goroutine for each handler of each run, as a server does that has no limit.
func blocked(runs int) {
	gate := make(chan struct{})
	var waiting sync.WaitGroup
	debug.FreeOSMemory()
	before := resident()
	for i := 0; i < runs; i++ {
		asked := &gather{done: make(chan Reply, 1)}
		for k := 0; k < 3; k++ {
			work := Work{"r" + strconv.Itoa(i), "t1", "work", "how am I doing?", 10, series}
			agent := "a" + strconv.Itoa(k)
			waiting.Add(1)
			go func() {
				waiting.Done()
				<-gate
				asked.results = append(asked.results, answer(context.Background(), work, agent))
			}()
		}
		go func() { <-asked.done }()
	}
	waiting.Wait()
	runtime.GC()
	fmt.Println((resident() - before) / runs)
}

var personal = []*regexp.Regexp{
	regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z.]+`),
	regexp.MustCompile(`\b\d(?:[ -]?\d){12,18}\b`),
	regexp.MustCompile(`\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b`),
	regexp.MustCompile(`\b[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}\b`),
	regexp.MustCompile(`\+\d{1,3}(?:[ -]?\d){6,12}\b`),
}

// scan looks for five kinds of personal data, each by one pattern, without folding look-alikes and without checksums.
func scan() {
	var texts []string
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		texts = append(texts, lines.Text())
	}
	found := 0
	begun := spent()
	for _, text := range texts {
		for _, one := range personal {
			found += len(one.FindAllStringIndex(text, -1))
		}
	}
	if found > 0 {
		panic("found something")
	}
	fmt.Println((spent() - begun) / int64(len(texts)))
}

// spent returns the nanoseconds of processor time that this process has used.
func spent() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// fails: one of three handlers has a defect that is an exception in Python.
func fails() {
	bus := open(3, 1, func(c context.Context, work Work, agent string) Result {
		if agent == "a1" {
			var prices map[string]float64
			prices[work.Corr] = 1
		}
		return answer(c, work, agent)
	})
	reply := <-bus.ask(0)
	fmt.Println("answers:", reply.Count)
}

// silent: one of three handlers returns without an answer.
func silent() {
	bus := open(3, 1, answer)
	bus.inboxes[1] = make(chan Work, 1)
	begun := time.Now()
	select {
	case reply := <-bus.ask(0):
		fmt.Println("answers:", reply.Count)
	case <-time.After(time.Second):
		fmt.Println("no answer, known after", time.Since(begun).Round(time.Millisecond))
	}
}

// misspelt: a payment comes as JSON whose amount has another name.
func misspelt() {
	var payment struct {
		To    string `json:"to"`
		Cents int64  `json:"cents"`
	}
	err := json.Unmarshal([]byte(`{"to": "a", "cent": 1990}`), &payment)
	fmt.Println("error:", err, "cents:", payment.Cents)
}

// shared: one recipient changes what it received.
func shared() {
	work := Work{Series: []float64{1, 2, 3}}
	first, second := make(chan Work, 1), make(chan Work, 1)
	first <- work
	second <- work
	changed := <-first
	changed.Series[0] = 99
	fmt.Println("the other recipient reads:", (<-second).Series[0])
}

// leaves: a hundred askers give up while three handlers each work for them.
func leaves() {
	gate := make(chan struct{})
	bus := open(3, 100, func(c context.Context, work Work, agent string) Result {
		<-gate
		return answer(c, work, agent)
	})
	time.Sleep(50 * time.Millisecond)
	for i := 0; i < 100; i++ {
		select {
		case <-bus.ask(i):
		case <-time.After(time.Millisecond):
		}
	}
	bus.mutex.Lock()
	defer bus.mutex.Unlock()
	fmt.Println("askers that left:", 100, "still waiting for them:", len(bus.waiting))
}

func main() {
	number := func(at int) int {
		value, err := strconv.Atoi(os.Args[at])
		if err != nil {
			panic(err)
		}
		return value
	}
	switch os.Args[1] {
	case "trips":
		trips(number(2), number(3))
	case "blocked":
		blocked(number(2))
	case "scan":
		scan()
	case "start":
	case "fails":
		fails()
	case "silent":
		silent()
	case "misspelt":
		misspelt()
	case "shared":
		shared()
	case "leaves":
		leaves()
	}
}
