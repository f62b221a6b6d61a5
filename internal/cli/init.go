package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"atoll/blueprint"
	"atoll/internal/config"
)

type initProject struct {
	infra, project, region string
	asJSON                 bool
}

func newInit(env Env) *cobra.Command {
	var f initProject
	cmd := &cobra.Command{
		Use: "init", Short: "Write the Terraform of a whole environment into your project", Args: cobra.NoArgs,
		Long: `Write the blueprint into your project: plain Terraform for an environment, the settings of dev, staging and prod, and a README. It is
yours from then on: change it as you like. Files that are there already are left alone, so that it can be run again at any time.`,
		Example: "  atoll init\n  atoll init --project shop --region eu-west-1",
		RunE:    func(*cobra.Command, []string) error { return f.run(env) },
	}
	cmd.Flags().StringVar(&f.infra, "infra", config.Folder, "folder to write to")
	cmd.Flags().StringVar(&f.project, "project", "", "name that everything begins with (default: of this folder)")
	cmd.Flags().StringVar(&f.region, "region", "", "AWS region (default: $AWS_REGION, else us-east-1)")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print JSON")
	return cmd
}

var (
	projectNames = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	regionNames  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)
	unfit        = regexp.MustCompile(`[^a-z0-9]+`)
)

// maxProject leaves room in names of 32 characters for the environment and a part.
const maxProject = 16

// projectName makes a name of a folder's.
func projectName(dir string) string {
	name := strings.TrimLeft(strings.Trim(unfit.ReplaceAllString(strings.ToLower(filepath.Base(dir)), "-"), "-"), "0123456789-")
	if len(name) > maxProject {
		name = strings.Trim(name[:maxProject], "-")
	}
	if name == "" || strings.HasPrefix(name+"-", "internal-") {
		return "app"
	}
	return name
}

func (f *initProject) run(env Env) error {
	if f.project == "" {
		f.project = projectName(workDir())
	}
	if !projectNames.MatchString(f.project) || len(f.project) > maxProject {
		return &problem{err: fmt.Errorf("--project %q will not do", f.project),
			try: fmt.Sprintf("1 to %d lower-case letters, digits and single hyphens, a letter first", maxProject), code: exitUsage}
	}
	if f.region == "" {
		f.region = env.Machine.Getenv("AWS_REGION")
	}
	if f.region == "" {
		f.region = defaultRegion
	}
	if !regionNames.MatchString(f.region) {
		return &problem{err: fmt.Errorf("--region %q is no region", f.region), try: "a region such as eu-west-1", code: exitUsage}
	}
	files, err := f.files()
	if err != nil {
		return err
	}
	var made, kept []string
	for _, file := range files {
		path := filepath.Join(f.infra, filepath.FromSlash(file.name))
		switch err := writeNew(path, file.content); {
		case errors.Is(err, fs.ErrExist):
			kept = append(kept, path)
		case err != nil:
			return fmt.Errorf("writing %s: %w", path, err)
		default:
			made = append(made, path)
		}
	}
	return f.report(env, made, kept)
}

type file struct {
	name    string
	content []byte
}

// gitignore keeps out of the repository what Terraform and atoll leave in the folder. The lock file belongs into it.
const gitignore = `.atoll/
.terraform/
*.tfplan
*.tfstate
*.tfstate.*
terraform.tfstate.d/
`

// files gives the blueprint's files, with the project's name and region in its settings.
func (f *initProject) files() ([]file, error) {
	files := []file{{".gitignore", []byte(gitignore)}}
	err := fs.WalkDir(blueprint.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(blueprint.FS(), name)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".tfvars") {
			text := strings.Replace(string(content), `"shop"`, `"`+f.project+`"`, 1)
			content = []byte(strings.Replace(text, `"eu-west-1"`, `"`+f.region+`"`, 1))
		}
		files = append(files, file{name, content})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the blueprint: %w", err)
	}
	return files, nil
}

// writeNew writes a file that is not there yet.
func writeNew(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		return errors.Join(err, os.Remove(path)) // half a file would be taken for the user's own next time
	}
	return nil
}

func (f *initProject) report(env Env, made, kept []string) error {
	if f.asJSON {
		return writeJSON(env, map[string]any{"folder": f.infra, "made": append([]string{}, made...), "kept": append([]string{}, kept...)})
	}
	switch {
	case len(made) == 0:
		fmt.Fprintf(env.Stdout, "%s has all files of the blueprint already; nothing was changed.\n", f.infra)
	case len(kept) == 0:
		fmt.Fprintf(env.Stdout, "Wrote %d files to %s.\n", len(made), f.infra)
	default:
		fmt.Fprintf(env.Stdout, "Wrote %d files to %s; %d were there already and are as they were.\n", len(made), f.infra, len(kept))
	}
	say(env, "Settings:       %s", filepath.Join(f.infra, "environment", "dev.tfvars"))
	say(env, "Rehearse it:    atoll up dev")
	say(env, "Read more:      %s", filepath.Join(f.infra, "README.md"))
	return nil
}
