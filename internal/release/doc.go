// Package release puts images into an environment that stands, by AWS's APIs alone: it registers revisions of the task definitions, runs the
// migration, updates the services, waits for what ECS makes of it, and writes down which image runs. What fails is taken back, and told with the
// failing task's reason and its last log lines.
//
// The image that runs is owned by a parameter, /PREFIX/image/REPOSITORY. It is written when the new image serves, so that whatever happens
// before leaves it as it was. Its history is where a rollback finds the image of before.
package release
