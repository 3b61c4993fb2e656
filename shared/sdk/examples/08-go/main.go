// A client of a running cluster in Go, with nats.go and nothing of Skep's.
//
//	go run . 127.0.0.1:4222 <folder of the credentials> <tenant>
//
// Requests are JSON on a subject, answers come back as JSON; the tenant's key lets the client in. The cluster has agents of kind
// `counter`, as in the first example.
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
)

// An answer: to a call, to a command, or an error.
type answer struct {
	Agent   string
	Value   any
	Version int
	Error   struct{ Code, Message string }
}

type client struct {
	connection *nats.Conn
	tenant     string
}

func (c client) ask(what string, body any, headers nats.Header) (reply answer) {
	text, err := json.Marshal(body)
	check(err)
	request := &nats.Msg{Subject: "skep." + c.tenant + ".main." + what, Data: text, Header: headers}
	message, err := c.connection.RequestMsg(request, 10*time.Second)
	check(err)
	check(json.Unmarshal(message.Data, &reply))
	return reply
}

func main() {
	address, folder, tenant := os.Args[1], os.Args[2], os.Args[3]
	key, err := nats.NkeyOptionFromSeed(filepath.Join(folder, "users", "tenant-"+tenant+".nk"))
	check(err)
	// Nodes answer a tenant in its own inboxes alone.
	connection, err := nats.Connect("nats://"+address, key, nats.CustomInboxPrefix("_INBOX."+tenant))
	check(err)
	defer connection.Close()
	c := client{connection, tenant}

	created := c.ask("agent.counter.go.create", []any{}, nil)
	fmt.Printf("created %s, version %d\n", created.Agent, created.Version)

	// With an operation's id a call takes effect once, however often it is sent.
	couple := map[string]any{"by": 2, "why": "a couple came"}
	operation := nats.Header{"Skep-Op": {uuid7()}}
	first := c.ask("call.counter.go.increment", couple, operation)
	fmt.Printf("counted %v, version %d\n", first.Value, first.Version)
	second := c.ask("call.counter.go.increment", couple, operation)
	fmt.Printf("again: %v, version %d\n", second.Value, second.Version)
	fmt.Printf("total %v\n", c.ask("call.counter.go.total", nil, nil).Value)

	// Who follows an agent hears each of its turns.
	turns, err := connection.SubscribeSync("skep." + tenant + ".main.event.counter.go")
	check(err)
	c.ask("swarm.follow", map[string]any{"kind": "counter", "id": "go"}, nil)
	c.ask("call.counter.go.increment", map[string]any{"by": 1, "why": "somebody came"}, nil)
	message, err := turns.NextMsg(10 * time.Second)
	check(err)
	var turn struct {
		Type    string
		Version int
	}
	check(json.Unmarshal(message.Data, &turn))
	fmt.Printf("heard %s, version %d\n", turn.Type, turn.Version)

	refused := c.ask("call.counter.go.decrement", nil, nil).Error
	fmt.Printf("%s: %s\n", refused.Code, refused.Message)
}

// The time in milliseconds, then chance.
func uuid7() string {
	b := make([]byte, 16)
	rand.Read(b)
	for at, ms := 5, time.Now().UnixMilli(); at >= 0; at, ms = at-1, ms>>8 {
		b[at] = byte(ms)
	}
	b[6], b[8] = 0x70|b[6]&0x0f, 0x80|b[8]&0x3f
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
