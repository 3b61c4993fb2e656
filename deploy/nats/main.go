// nats-server 2.15.2 with short Raft timers: the same server package, started as its own main starts it, that elects
// a new leader in under a second instead of 4 to 9. Raft stays safe whatever the timers are; they only decide how long
// writes wait after a leader died, and how much lateness on a busy machine is taken for a death.
//
// A client sees which server answers: git_commit in INFO is "skep-fast", and --version has a second line.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
	_ "unsafe" // for go:linkname

	"github.com/nats-io/nats-server/v2/server"
)

// The server has no setting for these. Its own tests lower the same variables.
var (
	//go:linkname minElectionTimeout github.com/nats-io/nats-server/v2/server.minElectionTimeout
	minElectionTimeout time.Duration
	//go:linkname maxElectionTimeout github.com/nats-io/nats-server/v2/server.maxElectionTimeout
	maxElectionTimeout time.Duration
	//go:linkname hbInterval github.com/nats-io/nats-server/v2/server.hbInterval
	hbInterval time.Duration
	//go:linkname lostQuorumInterval github.com/nats-io/nats-server/v2/server.lostQuorumInterval
	lostQuorumInterval time.Duration
	//go:linkname lostQuorumCheck github.com/nats-io/nats-server/v2/server.lostQuorumCheck
	lostQuorumCheck time.Duration
	//go:linkname gitCommit github.com/nats-io/nats-server/v2/server.gitCommit
	gitCommit string
)

const name = "nats-server"

func main() {
	minElectionTimeout = 300 * time.Millisecond
	maxElectionTimeout = 600 * time.Millisecond
	hbInterval = 60 * time.Millisecond
	// How long a leader without a majority goes on believing in itself, and how often it asks itself.
	lostQuorumInterval = 2 * time.Second
	lostQuorumCheck = 250 * time.Millisecond
	gitCommit = "skep-fast"

	flags := flag.NewFlagSet(name, flag.ExitOnError)
	usage := func() {
		fmt.Printf("%s with short elections takes the same flags as %s:\n", name, name)
		flags.PrintDefaults()
		os.Exit(0)
	}
	flags.SetOutput(os.Stdout)
	flags.Usage = usage
	options, err := server.ConfigureOptions(flags, os.Args[1:], version, usage, server.PrintTLSHelpAndDie)
	check(err)
	if options.CheckConfig {
		fmt.Printf("%s: %s is valid\n", name, options.ConfigFile)
		return
	}
	server.RedactArgs(os.Args)
	instance, err := server.NewServer(options)
	check(err)
	instance.ConfigureLogger()
	check(server.Run(instance))
	instance.WaitForShutdown()
}

func version() {
	fmt.Printf("%s: v%s\nskep-fast: elections %v to %v, heartbeats %v\n", name, server.VERSION, minElectionTimeout, maxElectionTimeout, hbInterval)
	os.Exit(0)
}

func check(err error) {
	if err != nil {
		server.PrintAndDie(fmt.Sprintf("%s: %s", name, err))
	}
}
