package wafv2

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"atoll/internal/cloud/state"
)

// managedRules is one of AWS's managed rule groups.
// https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
type managedRules struct {
	name, description string
	labels            string // the part of its label namespace that is its own
	capacity          int64
	versioned         bool
	needsConfig       bool
	rules             string // their names; one that does not block has its action after a colon
}

// notices is the topic on which AWS tells of changes of its managed rule groups.
const notices = "arn:aws:sns:us-east-1:248400274283:aws-managed-waf-rule-notifications"

// managedGroups gives AWS's managed rule groups by name.
func managedGroups() []managedRules {
	return []managedRules{
		{name: "AWSManagedRulesACFPRuleSet", labels: "acfp", capacity: 50, needsConfig: true,
			description: "Provides protection against the creation of fraudulent accounts on your site.",
			rules: "UnsupportedCognitoIDP AllRequests:challenge RiskScoreHigh SignalCredentialCompromised SignalClientHumanInteractivityAbsentLow:captcha " +
				"AutomatedBrowser BrowserInconsistency:captcha VolumetricIpHigh:captcha VolumetricSessionHigh AttributeUsernameTraversalHigh " +
				"VolumetricPhoneNumberHigh VolumetricAddressHigh VolumetricAddressLow:captcha VolumetricIPSuccessfulResponse VolumetricSessionSuccessfulResponse " +
				"VolumetricSessionTokenReuseIp"},
		{name: "AWSManagedRulesATPRuleSet", labels: "atp", capacity: 50, needsConfig: true,
			description: "Provides protection for your login page against stolen credentials, credential stuffing attacks, brute force login attempts, and other anomalous login activities.",
			rules: "UnsupportedCognitoIDP VolumetricIpHigh VolumetricSession AttributeCompromisedCredentials AttributeUsernameTraversal AttributePasswordTraversal " +
				"AttributeLongSession TokenRejected SignalMissingCredential VolumetricIpFailedLoginResponseHigh VolumetricSessionFailedLoginResponseHigh"},
		{name: "AWSManagedRulesAdminProtectionRuleSet", labels: "admin-protection", capacity: 100, versioned: true,
			description: "Contains rules that allow you to block external access to exposed admin pages.",
			rules:       "AdminProtection_URIPATH"},
		{name: "AWSManagedRulesAmazonIpReputationList", labels: "amazon-ip-list", capacity: 25,
			description: "This group contains rules that are based on Amazon threat intelligence. This is useful if you would like to block sources associated with bots or other threats.",
			rules:       "AWSManagedIPReputationList AWSManagedReconnaissanceList AWSManagedIPDDoSList:count"},
		{name: "AWSManagedRulesAnonymousIpList", labels: "anonymous-ip-list", capacity: 50,
			description: "This group contains rules that allow you to block requests from services that allow obfuscation of viewer identity.",
			rules:       "AnonymousIPList HostingProviderIPList"},
		{name: "AWSManagedRulesAntiDDoSRuleSet", labels: "anti-ddos", capacity: 50, needsConfig: true,
			description: "Provides protection against DDoS attacks that target the application layer (Layer 7).",
			rules:       "ChallengeAllDuringEvent:challenge ChallengeDDoSRequests:challenge DDoSRequests"},
		{name: "AWSManagedRulesBotControlRuleSet", labels: "bot-control", capacity: 50, needsConfig: false,
			description: "Provides protection against automated bots that can consume excess resources, skew business metrics, cause downtime, or perform malicious activities.",
			rules: "CategoryAI CategoryAdvertising CategoryArchiver CategoryContentFetcher CategoryEmailClient CategoryHttpLibrary CategoryLinkChecker " +
				"CategoryMiscellaneous CategoryMonitoring CategoryPagePreview CategoryScrapingFramework CategorySearchEngine CategorySecurity CategorySeo " +
				"CategorySocialMedia CategoryWebhooks SignalAutomatedBrowser SignalKnownBotDataCenter SignalNonBrowserUserAgent " +
				"TGT_VolumetricIpTokenAbsent:challenge TGT_TokenAbsent:count TGT_VolumetricSession:captcha TGT_VolumetricSessionMaximum " +
				"TGT_SignalAutomatedBrowser:captcha TGT_SignalBrowserAutomationExtension:captcha TGT_SignalBrowserInconsistency:captcha " +
				"TGT_ML_CoordinatedActivityLow:count TGT_ML_CoordinatedActivityMedium:count TGT_ML_CoordinatedActivityHigh:count " +
				"TGT_TokenReuseIpLow:count TGT_TokenReuseIpMedium:count TGT_TokenReuseIpHigh:count TGT_TokenReuseCountryLow:count " +
				"TGT_TokenReuseCountryMedium:count TGT_TokenReuseCountryHigh:count TGT_TokenReuseAsnLow:count TGT_TokenReuseAsnMedium:count TGT_TokenReuseAsnHigh:count"},
		{name: "AWSManagedRulesCommonRuleSet", labels: "core-rule-set", capacity: 700, versioned: true,
			description: "Contains rules that are generally applicable to web applications. This provides protection against exploitation of a wide range of vulnerabilities, including those described in OWASP publications.",
			rules: "NoUserAgent_HEADER UserAgent_BadBots_HEADER SizeRestrictions_QUERYSTRING SizeRestrictions_Cookie_HEADER SizeRestrictions_BODY " +
				"SizeRestrictions_URIPATH EC2MetaDataSSRF_BODY EC2MetaDataSSRF_COOKIE EC2MetaDataSSRF_URIPATH EC2MetaDataSSRF_QUERYARGUMENTS " +
				"GenericLFI_QUERYARGUMENTS GenericLFI_URIPATH GenericLFI_BODY RestrictedExtensions_URIPATH RestrictedExtensions_QUERYARGUMENTS " +
				"GenericRFI_QUERYARGUMENTS GenericRFI_BODY GenericRFI_URIPATH CrossSiteScripting_COOKIE CrossSiteScripting_QUERYARGUMENTS " +
				"CrossSiteScripting_BODY CrossSiteScripting_URIPATH"},
		{name: "AWSManagedRulesKnownBadInputsRuleSet", labels: "known-bad-inputs", capacity: 200, versioned: true,
			description: "Contains rules that allow you to block request patterns that are known to be invalid and are associated with exploitation or discovery of vulnerabilities.",
			rules: "JavaDeserializationRCE_BODY JavaDeserializationRCE_URIPATH JavaDeserializationRCE_QUERYSTRING JavaDeserializationRCE_HEADER Host_localhost_HEADER " +
				"PROPFIND_METHOD ExploitablePaths_URIPATH Log4JRCE_HEADER Log4JRCE_QUERYSTRING Log4JRCE_URIPATH Log4JRCE_BODY"},
		{name: "AWSManagedRulesLinuxRuleSet", labels: "linux-os", capacity: 200, versioned: true,
			description: "Contains rules that block request patterns associated with exploitation of vulnerabilities specific to Linux, including LFI attacks.",
			rules:       "LFI_URIPATH LFI_QUERYSTRING LFI_HEADER"},
		{name: "AWSManagedRulesPHPRuleSet", labels: "php-app", capacity: 100, versioned: true,
			description: "Contains rules that block request patterns associated with exploiting vulnerabilities specific to the use of the PHP, including injection of unsafe PHP functions.",
			rules:       "PHPHighRiskMethodsVariables_HEADER PHPHighRiskMethodsVariables_QUERYSTRING PHPHighRiskMethodsVariables_BODY"},
		{name: "AWSManagedRulesSQLiRuleSet", labels: "sql-database", capacity: 200, versioned: true,
			description: "Contains rules that allow you to block request patterns associated with exploitation of SQL databases, like SQL injection attacks.",
			rules:       "SQLi_QUERYARGUMENTS SQLiExtendedPatterns_QUERYARGUMENTS SQLi_BODY SQLiExtendedPatterns_BODY SQLi_COOKIE SQLi_URIPATH"},
		{name: "AWSManagedRulesUnixRuleSet", labels: "posix-os", capacity: 100, versioned: true,
			description: "Contains rules that block request patterns associated with exploiting vulnerabilities specific to POSIX/POSIX-like OS, including LFI attacks.",
			rules:       "UNIXShellCommandsVariables_QUERYSTRING UNIXShellCommandsVariables_BODY UNIXShellCommandsVariables_HEADER"},
		{name: "AWSManagedRulesWindowsRuleSet", labels: "windows-os", capacity: 200, versioned: true,
			description: "Contains rules that block request patterns associated with exploiting vulnerabilities specific to Windows, (e.g., PowerShell commands).",
			rules: "WindowsShellCommands_COOKIE WindowsShellCommands_QUERYARGUMENTS WindowsShellCommands_BODY PowerShellCommands_COOKIE " +
				"PowerShellCommands_QUERYARGUMENTS PowerShellCommands_BODY"},
		{name: "AWSManagedRulesWordPressRuleSet", labels: "wordpress-app", capacity: 100, versioned: true,
			description: "The WordPress Applications group contains rules that block request patterns associated with the exploitation of vulnerabilities specific to WordPress sites.",
			rules:       "WordPressExploitableCommands_QUERYSTRING WordPressExploitablePaths_URIPATH"},
	}
}

func managedGroup(vendor, name string) (managedRules, bool) {
	groups := managedGroups()
	i := slices.IndexFunc(groups, func(g managedRules) bool { return g.name == name })
	if vendor != "AWS" || i < 0 {
		return managedRules{}, false
	}
	return groups[i], true
}

var versions = regexp.MustCompile(`^Version_\d+\.\d+$`)

// hasVersion reports whether a group may have a version: which ones AWS has changes over time.
func (g managedRules) hasVersion(version string) bool {
	return g.versioned && versions.MatchString(version)
}

func (g managedRules) namespace() string { return "awswaf:managed:aws:" + g.labels + ":" }

// summaries gives the group's rules with their actions.
func (g managedRules) summaries() ([]RuleSummary, []LabelSummary) {
	var rules []RuleSummary
	var labels []LabelSummary
	for rule := range strings.FieldsSeq(g.rules) {
		name, action, _ := strings.Cut(rule, ":")
		a := &RuleAction{}
		switch action {
		case "count":
			a.Count = &CountAction{}
		case "captcha":
			a.Captcha = &CaptchaAction{}
		case "challenge":
			a.Challenge = &ChallengeAction{}
		default:
			a.Block = &BlockAction{}
		}
		rules = append(rules, RuleSummary{Name: new(name), Action: a})
		labels = append(labels, LabelSummary{Name: new(g.namespace() + name)})
	}
	return rules, labels
}

// DescribeManagedRuleGroup gives a managed rule group with its rules.
func (s *Service) DescribeManagedRuleGroup(ctx context.Context, in *DescribeManagedRuleGroupInput) (*DescribeManagedRuleGroupOutput, error) {
	if err := s.view(ctx, func(t *txn) error { return t.checkScope(*in.Scope) }); err != nil {
		return nil, err
	}
	g, ok := managedGroup(*in.VendorName, *in.Name)
	if !ok {
		return nil, nonexistent()
	}
	out := &DescribeManagedRuleGroupOutput{
		Capacity: new(g.capacity), LabelNamespace: new(g.namespace()), SnsTopicArn: new(notices), ConsumedLabels: []LabelSummary{},
	}
	if v := in.VersionName; v != nil {
		if !g.hasVersion(*v) {
			return nil, nonexistent()
		}
		out.VersionName = v
	}
	out.Rules, out.AvailableLabels = g.summaries()
	return out, nil
}

// ListAvailableManagedRuleGroups lists the managed rule groups.
func (s *Service) ListAvailableManagedRuleGroups(ctx context.Context, in *ListAvailableManagedRuleGroupsInput) (*ListAvailableManagedRuleGroupsOutput, error) {
	size, after, err := page(in.NextMarker, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &ListAvailableManagedRuleGroupsOutput{ManagedRuleGroups: []ManagedRuleGroupSummary{}}
	all := func(yield func(string, *managedRules) bool) {
		for _, g := range managedGroups() {
			if g.name > after && !yield(g.name, &g) {
				return
			}
		}
	}
	found, next := state.Page(all, size, nil)
	for _, g := range found {
		out.ManagedRuleGroups = append(out.ManagedRuleGroups, ManagedRuleGroupSummary{
			VendorName: new("AWS"), Name: new(g.name), Description: new(g.description), VersioningSupported: new(g.versioned),
		})
	}
	out.NextMarker = state.Token(next)
	return out, s.view(ctx, func(t *txn) error { return t.checkScope(*in.Scope) })
}
