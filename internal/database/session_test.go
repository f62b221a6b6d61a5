package database_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"atoll/internal/database"
	"atoll/internal/inspect"
	"atoll/internal/machine"
)

// TestMain is the program session-manager-plugin as well, for tests that start it.
func TestMain(m *testing.M) {
	if len(os.Args) == 7 && os.Args[1] == "AWS_SSM_START_SESSION_RESPONSE" {
		os.Exit(fakePlugin(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fakePlugin opens the port that it is asked for and answers each connection with what it was told, until it is interrupted.
func fakePlugin(args []string) int {
	var response struct{ SessionId, TokenValue, StreamUrl string }
	var request struct{ Parameters map[string][]string }
	if err := errors.Join(json.Unmarshal([]byte(os.Getenv(args[0])), &response), json.Unmarshal([]byte(args[4]), &request)); err != nil {
		fmt.Println(err)
		return 1
	}
	if response.TokenValue == "bad" {
		fmt.Println("SessionToken is not valid")
		return 3
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:"+request.Parameters["localPortNumber"][0])
	if err != nil {
		fmt.Println(err)
		return 1
	}
	go func() {
		<-ctx.Done()
		_ = l.Close()
	}()
	fmt.Printf("\nStarting session with SessionId: %s\nPort %s opened for sessionId %s.\nWaiting for connections...\n", response.SessionId, request.Parameters["localPortNumber"][0], response.SessionId)
	for {
		c, err := l.Accept()
		if err != nil {
			return 0
		}
		fmt.Fprintf(c, "%s:%s %s %s %s %s %t", request.Parameters["host"][0], request.Parameters["portNumber"][0], args[1], args[2], args[5], response.StreamUrl,
			strings.Contains(strings.Join(os.Args, " "), response.TokenValue))
		_ = c.Close()
	}
}

// sessions answers as SSM does, and notes the calls.
type sessions struct {
	mu    sync.Mutex
	token string
	calls []string
}

func (s *sessions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.calls = append(s.calls, r.Header.Get("X-Amz-Target")+" "+string(body))
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	fmt.Fprintf(w, `{"SessionId":"me-1","TokenValue":%q,"StreamUrl":"wss://stream"}`, s.token)
}

func ssm(t *testing.T, token string) (*sessions, aws.Config) {
	s := &sessions{token: token}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, aws.Config{Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}
}

func TestSession(t *testing.T) {
	api, cfg := ssm(t, "secret-token")
	l := &database.Login{Host: "db.internal", Port: 5432}
	s, err := database.Open(t.Context(), cfg, os.Args[0], "ecs:shop-dev_task_runtime", l, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, s.Port)
	got, err := io.ReadAll(c)
	if want := "db.internal:5432 eu-west-1 StartSession " + *cfg.BaseEndpoint + " wss://stream false"; err != nil || string(got) != want {
		t.Errorf("the program was told %q, %v", got, err)
	}
	_ = c.Close()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ended); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	want := []string{fmt.Sprintf(`AmazonSSM.StartSession {"DocumentName":"AWS-StartPortForwardingSessionToRemoteHost","Parameters":{"host":["db.internal"],"localPortNumber":["%d"],"portNumber":["5432"]},"Target":"ecs:shop-dev_task_runtime"}`, s.Port),
		`AmazonSSM.TerminateSession {"SessionId":"me-1"}`}
	for i, call := range api.calls {
		name, body, _ := strings.Cut(call, " ")
		var v any
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			t.Fatal(err)
		}
		sorted, _ := json.Marshal(v) // it was JSON
		api.calls[i] = name + " " + string(sorted)
	}
	if !slices.Equal(api.calls, want) {
		t.Errorf("the calls are %q", api.calls)
	}
}

func TestSessionFails(t *testing.T) {
	api, cfg := ssm(t, "bad")
	_, err := database.Open(t.Context(), cfg, os.Args[0], "ecs:shop-dev_task_runtime", &database.Login{Host: "db", Port: 5432}, 0)
	if err == nil || !strings.Contains(err.Error(), "SessionToken is not valid") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("the error is %v", err)
	}
	if len(api.calls) != 2 || !strings.HasPrefix(api.calls[1], "AmazonSSM.TerminateSession") {
		t.Errorf("the calls are %q", api.calls)
	}
}

func TestPlugin(t *testing.T) {
	with := func(version string, missing error) machine.Machine {
		return machine.Machine{LookPath: func(string) (string, error) { return "/bin/plugin", missing },
			Run: func(context.Context, []string, ...string) (string, error) { return version + "\n", nil }}
	}
	for version, want := range map[string]string{"1.2.497.0": "", "1.2.707.0": "", "2.0.0.0": "", "1.2.463.0": "takes a session's token on its command line alone", "1.1.999.0": "1.1.999.0 takes"} {
		path, err := database.Plugin(t.Context(), with(version, nil))
		if want == "" && (err != nil || path != "/bin/plugin") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %s, %v", version, path, err)
		}
	}
	if _, err := database.Plugin(t.Context(), with("", errors.New("not found"))); err == nil || !strings.Contains(err.Error(), "Try: install it: https://docs.aws.amazon.com/") {
		t.Errorf("without it: %v", err)
	}
}

func TestTarget(t *testing.T) {
	task := func(status string, exec bool, agent string) inspect.Task {
		return inspect.Task{ID: "task" + status + agent, Detail: ecstypes.Task{LastStatus: &status, EnableExecuteCommand: exec, Containers: []ecstypes.Container{{RuntimeId: new("task-1"),
			ManagedAgents: []ecstypes.ManagedAgent{{Name: ecstypes.ManagedAgentNameExecuteCommandAgent, LastStatus: &agent}}}}}}
	}
	s := &inspect.Service{Cluster: "shop-dev", Tasks: []inspect.Task{task("PENDING", true, "RUNNING"), task("RUNNING", false, "RUNNING"), task("RUNNING", true, "STOPPED")}}
	if target, ok := database.Target(s); ok {
		t.Errorf("the target is %s", target)
	}
	s.Tasks = append(s.Tasks, task("RUNNING", true, "RUNNING"))
	if target, ok := database.Target(s); !ok || target != "ecs:shop-dev_taskRUNNINGRUNNING_task-1" {
		t.Errorf("the target is %s", target)
	}
}
