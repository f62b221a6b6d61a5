package cloud

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"atoll/internal/cloud/auth"
	"atoll/internal/cloud/aws/ecr"
	"atoll/internal/cloud/aws/rds"
	"atoll/internal/cloud/clock"
	"atoll/internal/cloud/event"
	"atoll/internal/cloud/id"
	"atoll/internal/cloud/model"
	"atoll/internal/cloud/registry"
	"atoll/internal/cloud/state"
	"atoll/internal/cloud/trail"
	"atoll/internal/cloud/wire"
	"atoll/internal/dataplane/fabric"
	"atoll/internal/dataplane/postgres"
)

// DefaultAccount is the account that a new cloud begins with.
const DefaultAccount = "111111111111"

// Config says where a cloud lives and what it takes from outside.
type Config struct {
	Dir       string // holds everything; made with mode 0700 if it is not there
	Ephemeral bool   // keep records in memory only, for tests
	Clock     clock.Clock
	IDs       id.Source
	Logger    *slog.Logger
	HTTP      *http.Client // for fetching what AWS would fetch from the internet, such as OIDC keys

	// Edge is where clients reach load balancers. The cloud closes it. nil, or without a Network: load balancers are records, and do not serve.
	Edge net.Listener
	// Network carries what load balancers send; a DataPlane brings its own. Source gives the address that a flow comes from, of the
	// context with which Network connects it.
	Network Network
	Source  func(ctx context.Context) netip.Addr

	// DataPlane is what things run with; nil: all is records. It brings a Network of its own.
	DataPlane *DataPlane
}

// Cloud is an open local cloud.
type Cloud struct {
	config Config

	mu        sync.RWMutex // held for reading by calls, for writing by Reset and Close
	store     *state.Store
	server    *wire.Server
	keys      *auth.Keys
	root      auth.Key
	bus       *event.Bus
	audit     *trail.Log
	images    *ecr.Service
	instances *rds.Service
	databases *databases
	pulls     *registry.Handler // the registries of images
	stop      func()            // ends the workers and waits for them

	carrier   *carrier   // nil without a data plane
	balancing *balancing // nil without an edge

	all    []wire.Service
	live   *plane // what runs, beside the services
	closed bool
}

// Open opens the cloud in a directory, or makes one there. Its errors are state's: ErrLocked while another process has it,
// ErrCorrupt and ErrNewer for files that are left as they are.
func Open(ctx context.Context, config Config) (*Cloud, error) {
	if config.Clock == nil {
		config.Clock = clock.System{}
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.HTTP == nil {
		config.HTTP = http.DefaultClient
	}
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the cloud's directory: %w", err)
	}
	c := &Cloud{config: config}
	if config.DataPlane != nil {
		c.carrier = newCarrier(config.Logger)
		c.config.Network, c.config.Source = c.carrier.fabric, fabric.Source
	}
	if config.Edge != nil && c.config.Network != nil {
		c.balancing = newBalancing(c.config)
	}
	if err := c.open(ctx, nil); err != nil {
		return nil, errors.Join(err, c.balancing.close())
	}
	return c, nil
}

// StateFile is the path of a cloud's store in its directory.
func StateFile(dir string) string { return filepath.Join(dir, "state.db") }

// open opens the store and makes the services. root, when given, is put in as the root key of a new store.
func (c *Cloud) open(ctx context.Context, root *auth.Key) error {
	path := StateFile(c.config.Dir)
	if c.config.Ephemeral {
		path = ""
	}
	store, err := state.Open(path, state.Options{Logger: c.config.Logger})
	if err != nil {
		return fmt.Errorf("opening the cloud's state: %w", err)
	}
	audit, err := trail.Open(auditDir(c.config.Dir), trail.Options{NewID: c.config.IDs.UUID, Logger: c.config.Logger})
	if err != nil {
		return errors.Join(err, store.Close())
	}
	if err := c.start(ctx, store, audit, root); err != nil {
		return errors.Join(err, audit.Close(), store.Close())
	}
	return nil
}

func (c *Cloud) start(ctx context.Context, store *state.Store, audit *trail.Log, root *auth.Key) error {
	keys := auth.NewKeys(store)
	bus := new(event.Bus)
	data, err := openDatabases(ctx, c.config)
	if err != nil {
		return err
	}
	c.databases = data
	if err := c.serve(ctx, store, audit, root, keys, bus); err != nil {
		return errors.Join(err, data.close())
	}
	return nil
}

// serve makes the services and starts their work.
func (c *Cloud) serve(ctx context.Context, store *state.Store, audit *trail.Log, root *auth.Key, keys *auth.Keys, bus *event.Bus) error {
	live, services, err := c.services(store, keys, bus, audit)
	if err != nil {
		return err
	}
	server, err := wire.NewServer(wire.Config{
		Identities: keys, Used: keys.Used, Now: c.config.Clock.Now, NewID: c.config.IDs.UUID, Logger: c.config.Logger,
		Record: record(audit),
	}, services)
	if err != nil {
		return fmt.Errorf("setting up the services: %w", err)
	}
	if err := store.Err(); err != nil {
		return fmt.Errorf("reading the cloud's state: %w", err)
	}
	key, err := c.rootKey(ctx, store, keys, root)
	if err != nil {
		return err
	}
	c.store, c.server, c.keys, c.root, c.bus, c.audit = store, server, keys, key, bus, audit
	c.pulls = registry.New(registry.Config{ECR: c.images, Invoke: server.Invoke, Now: c.config.Clock.Now, NewID: c.config.IDs.UUID, Logger: c.config.Logger})
	c.live, c.all = live, services
	c.stop = c.work(bus, live, services)
	return nil
}

// worker is a service that does something in the background.
type worker interface {
	// Run works until ctx ends, and returns nil then.
	Run(ctx context.Context) error
}

// work starts the services that are workers, and gives the function that ends them.
func (c *Cloud) work(bus *event.Bus, live *plane, services []wire.Service) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	run := func(w worker) {
		running.Go(func() {
			if err := w.Run(ctx); err != nil && ctx.Err() == nil {
				c.config.Logger.Error("a service's background work has ended", "service", fmt.Sprintf("%T", w), "err", err)
			}
		})
	}
	run(bus)
	for _, w := range live.workers() {
		run(w)
	}
	for _, s := range services {
		if w, ok := s.(worker); ok {
			run(w)
		}
	}
	return func() { cancel(); running.Wait() }
}

// Idle waits until the services have reacted to all that has happened so far, and have done what is due by the clock.
func (c *Cloud) Idle(ctx context.Context) error {
	c.mu.RLock()
	bus, services := c.bus, c.all
	c.mu.RUnlock()
	for _, s := range services {
		if w, ok := s.(interface{ Idle(context.Context) error }); ok {
			if err := w.Idle(ctx); err != nil {
				return err
			}
		}
	}
	if c.balancing != nil {
		if err := c.balancing.idle(ctx); err != nil {
			return err
		}
	}
	return bus.Idle(ctx)
}

// rootKey gives the default account's root key, made on the first start.
func (c *Cloud) rootKey(ctx context.Context, store *state.Store, keys *auth.Keys, want *auth.Key) (auth.Key, error) {
	if want == nil {
		want = &auth.Key{ID: c.config.IDs.Unique("AKIA"), Secret: c.config.IDs.Secret()}
	}
	return c.accountKey(ctx, store, keys, DefaultAccount, want)
}

// accountKey gives the key of an account's root user, made of want where there is none yet.
func (c *Cloud) accountKey(ctx context.Context, store *state.Store, keys *auth.Keys, account string, want *auth.Key) (auth.Key, error) {
	var key auth.Key
	find := func(tx *state.Tx) bool {
		for _, k := range keys.OfUser(tx, account, "") {
			if k.Principal.IsRoot() && k.SessionToken == "" {
				key = k
				return true
			}
		}
		return false
	}
	found := false
	_ = store.View(func(tx *state.Tx) error { found = find(tx); return nil })
	if found {
		return key, nil
	}
	err := store.Update(ctx, func(tx *state.Tx) error {
		if find(tx) {
			return nil
		}
		key = auth.Key{
			ID: want.ID, Secret: want.Secret, Active: true, Created: c.config.Clock.Now(),
			Principal: auth.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":root", UserID: account, AccessKeyID: want.ID},
		}
		keys.Put(tx, &key)
		return nil
	})
	if err != nil {
		return key, fmt.Errorf("storing the access key of account %s: %w", account, err)
	}
	return key, nil
}

// ErrAccount means that an account's id is not 12 digits.
var ErrAccount = errors.New("an account's id has 12 digits")

// AccountKey gives the access key of an account's root user. An account begins to be with its first key.
func (c *Cloud) AccountKey(ctx context.Context, account string) (auth.Key, error) {
	if len(account) != 12 || strings.Trim(account, "0123456789") != "" {
		return auth.Key{}, fmt.Errorf("%q: %w", account, ErrAccount)
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return auth.Key{}, errors.New("the cloud is closed")
	}
	return c.accountKey(ctx, c.store, c.keys, account, &auth.Key{ID: c.config.IDs.Unique("AKIA"), Secret: c.config.IDs.Secret()})
}

// Root gives the access key of the default account's root user.
func (c *Cloud) Root() auth.Key {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.root
}

// ServeHTTP answers one AWS call, or one of a client of container registries. Calls that arrive during a Reset wait for its end.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if sessions := c.sessions(); sessions.owns(r) { // it may go on for hours, and keeps nobody from a Reset
		sessions.ServeHTTP(w, r)
		return
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		http.Error(w, "the cloud is shutting down", http.StatusServiceUnavailable)
		return
	}
	if c.pulls.Owns(r) {
		c.pulls.ServeHTTP(w, r)
		return
	}
	c.server.ServeHTTP(w, r)
}

func (c *Cloud) sessions() *commands {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil
	}
	return c.live.sessions
}

// Server gives the wire layer, for tools that walk the operation tables.
func (c *Cloud) Server() *wire.Server {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.server
}

// Services names the AWS services that the cloud has, by their signing names, in order.
func (c *Cloud) Services() []string {
	var names []string
	c.Server().Inputs(func(api *model.API, _ *wire.Operation) { names = append(names, api.SigningName) })
	slices.Sort(names)
	return slices.Compact(names)
}

// Reset makes the cloud as new: all resources are gone, the keys stay.
func (c *Cloud) Reset(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errors.New("the cloud is closed")
	}
	c.stop()
	if err := errors.Join(c.databases.close(), c.audit.Close(), c.store.Close()); err != nil {
		return fmt.Errorf("closing the state: %w", err)
	}
	for _, path := range slices.Concat(contentDirs(c.config.Dir), postgres.ContentDirs(databasesDir(c.config.Dir)), []string{StateFile(c.config.Dir)}) {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing the state: %w", err)
		}
	}
	return c.open(ctx, &c.root)
}

// Close ends the cloud after the calls under way. What was acknowledged is on disk.
func (c *Cloud) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	c.stop()
	return errors.Join(c.balancing.close(), c.databases.close(), c.audit.Close(), c.store.Close())
}

// objectsDir holds the bytes of S3's objects.
func objectsDir(dir string) string { return filepath.Join(dir, "objects") }

// imagesDir holds the bytes of ECR's layers.
func imagesDir(dir string) string { return filepath.Join(dir, "images") }

// contentDirs are the directories in a cloud's own that belong to its state.
func contentDirs(dir string) []string {
	return []string{objectsDir(dir), imagesDir(dir), auditDir(dir)}
}
