// Runs one query with the stock Go client and prints its rows as one JSON array. Arguments: server URL, user, SQL; then optionally
// seconds, after which the same connection pool runs it once more.
// Says on the error output that it is ready, and connects when its input ends. Ctrl-C cancels the query.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/signal"
	"time"

	_ "github.com/trinodb/trino-go-client/trino"
)

func main() {
	fmt.Fprintln(os.Stderr, "ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	rows, err := run(ctx, os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(rows); err != nil {
		os.Exit(1)
	}
}

func run(ctx context.Context, server, user, query string) ([][]any, error) {
	dsn, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	dsn.User = url.User(user)
	db, err := sql.Open("trino", dsn.String())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := rowsOf(ctx, db, query)
	if err != nil || len(os.Args) < 5 {
		return rows, err
	}
	pause, err := time.ParseDuration(os.Args[4] + "s")
	if err != nil {
		return nil, err
	}
	time.Sleep(pause)
	return rowsOf(ctx, db, query)
}

func rowsOf(ctx context.Context, db *sql.DB, query string) ([][]any, error) {
	found, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		return nil, err
	}
	rows := [][]any{}
	for found.Next() {
		row := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := found.Scan(into...); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, found.Err()
}
