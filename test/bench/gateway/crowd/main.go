// Those who wait for a saturated runtime, as a process of its own: many connections, each with one statement that is asked for again and
// again. In Go, since they are on the machine that is measured, where each of their polls costs about half of what it costs in Node. Argument: a
// Crowd as JSON. Prints "waiting" when all have a first page, and after each line on stdin what has become of them since the last one. From
// the first page on more statements come, a few a second, which the full queue refuses.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type crowd struct {
	Port    int
	Users   int
	PerUser int
	// Of one user, sent at the same time.
	AtOnce int
	// Value of X-Trino-XTrinode.
	Runtime string
}

type report struct {
	Polls   int64   `json:"polls"`
	Refused int64   `json:"refused"`
	Seconds float64 `json:"seconds"`
}

const pauseBetweenRefused = 50 * time.Millisecond

var polls, refused atomic.Int64

func fail(format string, details ...any) {
	fmt.Fprintf(os.Stderr, "crowd: "+format+"\n", details...)
	os.Exit(1)
}

// One request at a time; small answers.
type client struct {
	connection net.Conn
	headers    string
	read       [8 * 1024]byte
}

func (all crowd) open(user string) *client {
	authority := fmt.Sprintf("127.0.0.1:%d", all.Port)
	connection, err := net.Dial("tcp", authority)
	if err != nil {
		fail("%v", err)
	}
	headers := fmt.Sprintf("Host: %s\r\nX-Trino-User: %s\r\nX-Trino-XTrinode: %s\r\nUser-Agent: bench\r\nX-Trino-Source: bench\r\n", authority, user, all.Runtime)
	return &client{connection: connection, headers: headers}
}

// Gives the body of the answer.
func (one *client) ask(request string) string {
	if _, err := one.connection.Write([]byte(request)); err != nil {
		fail("%v", err)
	}
	size := 0
	for {
		count, err := one.connection.Read(one.read[size:])
		if err != nil {
			fail("a connection was closed: %v", err)
		}
		size += count
		text := string(one.read[:size])
		head, body, isWhole := strings.Cut(text, "\r\n\r\n")
		if !isWhole {
			continue
		}
		_, after, hasLength := strings.Cut(head, "\r\nContent-Length: ")
		digits, _, _ := strings.Cut(after, "\r\n")
		length, err := strconv.Atoi(digits)
		if !strings.HasPrefix(head, "HTTP/1.1 200") || !hasLength || err != nil || length > len(one.read) {
			fail("an answer that is none: %s", text)
		}
		if len(body) >= length {
			return body[:length]
		}
	}
}

func (one *client) post(sql string) string {
	return one.ask(fmt.Sprintf("POST /v1/statement HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s", one.headers, len(sql), sql))
}

func (one *client) get(path string) string {
	return one.ask("GET " + path + " HTTP/1.1\r\n" + one.headers + "\r\n")
}

// The path of the next page; empty when this is the last one.
func nextOf(page string) string {
	_, after, _ := strings.Cut(page, `"nextUri":"http://`)
	address, _, _ := strings.Cut(after, `"`)
	_, path, hasPath := strings.Cut(address, "/")
	if !hasPath {
		return ""
	}
	return "/" + path
}

func (one *client) wait(page string) {
	for {
		next := nextOf(page)
		if next == "" {
			fail("a statement does not wait any more: %s", page)
		}
		page = one.get(next)
		polls.Add(1)
	}
}

func (all crowd) send(user string, lane int, waiting *sync.WaitGroup) {
	for index := lane; index < all.PerUser; index += all.AtOnce {
		one := all.open(user)
		page := one.post(fmt.Sprintf("%s %d", user, index))
		waiting.Done()
		go one.wait(page)
	}
}

func (all crowd) knock() {
	one := all.open("user-0")
	for range time.Tick(pauseBetweenRefused) {
		next := nextOf(one.post("SELECT 1"))
		if next == "" {
			fail("a statement that found the queue full has no next page")
		}
		if strings.Contains(one.get(next), `"QUERY_QUEUE_FULL"`) {
			refused.Add(1)
		}
	}
}

func main() {
	var all crowd
	if len(os.Args) != 2 {
		fail("one argument: a Crowd as JSON")
	}
	if err := json.Unmarshal([]byte(os.Args[1]), &all); err != nil {
		fail("%v", err)
	}
	var waiting sync.WaitGroup
	waiting.Add(all.Users * all.PerUser)
	for user := range all.Users {
		for lane := range all.AtOnce {
			go all.send(fmt.Sprintf("user-%d", user), lane, &waiting)
		}
	}
	waiting.Wait()
	fmt.Println("waiting")
	go all.knock()
	since := time.Now()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		line, err := json.Marshal(report{polls.Swap(0), refused.Swap(0), time.Since(since).Seconds()})
		if err != nil {
			fail("%v", err)
		}
		since = time.Now()
		fmt.Println(string(line))
	}
}
