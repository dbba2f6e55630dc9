// Runs sessions of the stock Go client at the same time, each a list of steps one after the other. Arguments: server URL, user,
// password and a PEM file of certificates to trust (both may be empty). Input: lines of session, kind and text, between tabs; it
// connects when the input ends. Prints one JSON object per step.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"

	_ "github.com/trinodb/trino-go-client/trino"
)

type step struct{ kind, text string }

type answer struct {
	Session int      `json:"session"`
	Step    int      `json:"step"`
	Columns []string `json:"columns,omitempty"`
	Rows    [][]any  `json:"rows,omitempty"`
	Count   int      `json:"count,omitempty"`
	Digest  string   `json:"digest,omitempty"`
	Error   string   `json:"error,omitempty"`
}

var output sync.Mutex

func main() {
	fmt.Fprintln(os.Stderr, "ready")
	sessions := map[int][]step{}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 4*1024*1024)
	for lines.Scan() {
		parts := strings.SplitN(lines.Text(), "\t", 3)
		number, err := strconv.Atoi(parts[0])
		if err != nil || len(parts) != 3 {
			fmt.Fprintln(os.Stderr, "not a step:", lines.Text())
			os.Exit(2)
		}
		sessions[number] = append(sessions[number], step{parts[1], parts[2]})
	}
	var all sync.WaitGroup
	for number, steps := range sessions {
		all.Go(func() { runSession(number, steps) })
	}
	all.Wait()
}

func address() string {
	server, err := url.Parse(os.Args[1])
	if err != nil {
		panic(err)
	}
	server.User = url.User(os.Args[2])
	if os.Args[3] != "" {
		server.User = url.UserPassword(os.Args[2], os.Args[3])
	}
	if os.Args[4] != "" {
		server.RawQuery = url.Values{"SSLCertPath": {os.Args[4]}}.Encode()
	}
	return server.String()
}

func runSession(number int, steps []step) {
	ctx := context.Background()
	db, err := sql.Open("trino", address())
	if err != nil {
		panic(err)
	}
	defer db.Close()
	// One connection, so that what a statement sets holds for the next.
	connection, err := db.Conn(ctx)
	if err != nil {
		panic(err)
	}
	defer connection.Close()
	var transaction *sql.Tx
	for index, step := range steps {
		found := answer{Session: number, Step: index}
		var err error
		switch step.kind {
		case "begin":
			transaction, err = connection.BeginTx(ctx, nil)
		case "commit", "rollback":
			if transaction == nil {
				err = fmt.Errorf("no transaction")
			} else if step.kind == "commit" {
				err = transaction.Commit()
			} else {
				err = transaction.Rollback()
			}
			transaction = nil
		case "cancel":
			err = cancel(ctx, connection, step.text)
		case "prepared":
			err = query(ctx, connection, transaction, step.text, &found, false, int64(7), "žluťoučký 🐎")
		default:
			err = query(ctx, connection, transaction, step.text, &found, step.kind == "digest")
		}
		if err != nil {
			found.Error = err.Error()
		}
		print(found)
	}
}

func print(found answer) {
	output.Lock()
	defer output.Unlock()
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		panic(err)
	}
}

// Leaves the rows after the first one. A context that is cancelled would be a race within the client: where it sees that before the next
// page, it tells nobody that the query is to end.
func cancel(ctx context.Context, connection *sql.Conn, text string) error {
	rows, err := connection.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return fmt.Errorf("no row to cancel at: %w", rows.Err())
	}
	return rows.Close()
}

func query(ctx context.Context, connection *sql.Conn, transaction *sql.Tx, text string, found *answer, isDigest bool, arguments ...any) error {
	ask := connection.QueryContext
	if transaction != nil {
		ask = transaction.QueryContext
	}
	rows, err := ask(ctx, text, arguments...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if found.Columns, err = rows.Columns(); err != nil {
		return err
	}
	width := len(found.Columns)
	hash := sha256.New()
	lines := json.NewEncoder(hash)
	for rows.Next() {
		row := make([]any, width)
		into := make([]any, width)
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		found.Count++
		if !isDigest {
			found.Rows = append(found.Rows, row)
		} else if err := lines.Encode(row); err != nil {
			return err
		}
	}
	if isDigest {
		found.Digest = fmt.Sprintf("%x", hash.Sum(nil))
	}
	return rows.Err()
}
