package task_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"example.com/guestbook/internal/task"
)

func TestSelf(t *testing.T) {
	body := `{"Cluster":"arn:aws:ecs:eu-west-1:111111111111:cluster/shop-dev","TaskARN":"arn:aws:ecs:eu-west-1:111111111111:task/shop-dev/158d1c8083dd49d6b527399fd6414f5c",
		"Family":"shop-dev-web","Revision":"5","AvailabilityZone":"eu-west-1b","LaunchType":"FARGATE"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v4/x/task" {
			_, _ = w.Write([]byte(body))
			return
		}
		http.NotFound(w, r)
	}))
	defer server.Close()
	env := func(path string) func(string) string {
		return func(name string) string {
			if name != "ECS_CONTAINER_METADATA_URI_V4" || path == "" {
				return ""
			}
			return server.URL + path
		}
	}
	got, err := task.Self(t.Context(), env("/v4/x"))
	if err != nil || got.String() != "158d1c80 in eu-west-1b" || got.Definition != "shop-dev-web:5" || got.Cluster != "shop-dev" || !got.OnECS() {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := task.Self(t.Context(), env("")); err != nil || got.ID == "" || got.OnECS() {
		t.Errorf("elsewhere: %+v, %v", got, err)
	}
	if got, err := task.Self(t.Context(), env("/other")); err == nil || got.ID == "" {
		t.Errorf("got %+v, %v", got, err)
	}
}
