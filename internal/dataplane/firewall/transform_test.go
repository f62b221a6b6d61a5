package firewall

import "testing"

func transforms() []Transform {
	return []Transform{"NONE", "LOWERCASE", "URL_DECODE", "URL_DECODE_UNI", "COMPRESS_WHITE_SPACE", "HTML_ENTITY_DECODE", "CMD_LINE", "BASE64_DECODE", "BASE64_DECODE_EXT",
		"HEX_DECODE", "MD5", "NORMALIZE_PATH", "NORMALIZE_PATH_WIN", "REMOVE_NULLS", "REPLACE_NULLS", "REPLACE_COMMENTS", "JS_DECODE", "CSS_DECODE", "ESCAPE_SEQ_DECODE",
		"SQL_HEX_DECODE", "UTF8_TO_UNICODE"}
}

func TestTransforms(t *testing.T) {
	for _, c := range []struct {
		by       Transform
		in, want string
	}{
		{"NONE", "A%20", "A%20"},
		{"LOWERCASE", "aBcÄ1", "abcÄ1"},
		{"URL_DECODE", "a%20b+c%2F%zz%4", "a b c/%zz%4"},
		{"URL_DECODE", "%u0041", "%u0041"},
		{"URL_DECODE_UNI", "%u0041%uff1Cscript%uFF1e%u0161", "A<script>a"},
		{"COMPRESS_WHITE_SPACE", "a \t\n\u00a0 b\v\fc\xa0d", "a b c d"},
		{"COMPRESS_WHITE_SPACE", "à  x", "à x"},
		{"HTML_ENTITY_DECODE", "&lt;a&GT;&quot;&#65;&#x42;&nbsp;&x;&", "<a>\"AB\u00a0&x;&"},
		{"CMD_LINE", `C^M"D  /c  (Dir),x;y`, "cmd/c(dir) x y"},
		{"BASE64_DECODE", "aGVsbG8=", "hello"},
		{"BASE64_DECODE", "aGVs\x00bG8=", "hel"},
		{"BASE64_DECODE_EXT", "a.G V-s\x00bG8=", "hello"},
		{"HEX_DECODE", "68656C6c6f", "hello"},
		{"HEX_DECODE", "686x", "686x"},
		{"MD5", "hello", "\x5d\x41\x40\x2a\xbc\x4b\x2a\x76\xb9\x71\x9d\x91\x10\x17\xc5\x92"},
		{"NORMALIZE_PATH", "/a//b/./c/../d/", "/a/b/d/"},
		{"NORMALIZE_PATH", "../a/../../b", "../../b"},
		{"NORMALIZE_PATH", "/a/..", "/"},
		{"NORMALIZE_PATH", `\a\..\b`, `\a\..\b`},
		{"NORMALIZE_PATH_WIN", `\a\..\b`, "/b"},
		{"REMOVE_NULLS", "a\x00b", "ab"},
		{"REPLACE_NULLS", "a\x00b", "a b"},
		{"REPLACE_COMMENTS", "a/* x */b/**//**/c*/d/*e", "a b  c*/d "},
		{"JS_DECODE", `\u0041\x42\103\n\"\uFF1c\q\`, "ABC\n\"<q\\"},
		{"CSS_DECODE", `ja\vascript \41 b\000042c\` + "\n" + `d`, "javascript AbBcd"},
		{"ESCAPE_SEQ_DECODE", `\x41\102\n\\\'\q`, "AB\n\\'\\q"},
		{"SQL_HEX_DECODE", "select 0x414243 or 0xZ", "select ABC or 0xZ"},
		{"UTF8_TO_UNICODE", "aé\xff", "a%u00e9\xff"},
	} {
		if got := c.by.apply(c.in); got != c.want {
			t.Errorf("%s of %q: %q, want %q", c.by, c.in, got, c.want)
		}
	}
}
