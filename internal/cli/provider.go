package cli

import (
	"context"

	"github.com/spf13/cobra"

	"atoll/internal/cloud/daemon"
)

func terraformConfig(context.Context, Env, daemon.Dir) (string, error) { return "", nil }
func newDoctor(Env) *cobra.Command   { return &cobra.Command{Use: "doctor"} }
func newProvider(Env) *cobra.Command { return &cobra.Command{Use: "provider"} }
