/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/buf.h"
#include "stage0/import/net/meta.h"
#include "tests/unit/unit.h"

static bool note(const char *name, const char *content, void *context)
{
	struct buf *found = context;

	buf_format(found, "[%s=%s]", name, content);
	return true;
}

static void check(const char *html, const char *wanted)
{
	autoclear(buf) found = {0};

	meta_scan(html, strlen(html), note, &found);
	if (strcmp(buf_string(&found), wanted) != 0)
		fail_msg("'%s' has %s", html, buf_string(&found));
}

test(a_tag_counts_wherever_it_stands)
{
	check("<meta name=c content=d>", "[c=d]");
	check("<html><body><p>x<meta name=c content=d>", "[c=d]");
	check("<select><meta name=c content=d></select><table><meta name=e content=f>",
	      "[c=d][e=f]");
	check("<html><body></body></html><meta name=c content=d>", "[c=d]");
	check("<html></html>x<html></html></html>y<meta name=c content=d>", "[c=d]");
	check("<meta\nname = c\n content = 'd'/><meta name=\"e\" content=\"f\">",
	      "[c=d][e=f]");
}

test(letters_of_tags_and_attributes_may_be_large)
{
	check("<META NAME=Ac CONTENT=Xy>", "[Ac=Xy]");
}

test(references_become_characters)
{
	check("<meta content=\"&#x41;&lt;&amp;&copy=1\" name='x'>", "[x=A<&&copy=1]");
}

test(what_only_looks_like_a_tag_is_none)
{
	check("<!-- <meta name=a content=b> --><meta name=c content=d>", "[c=d]");
	check("<script>'<meta name=a content=b>'</script><meta name=c content=d>",
	      "[c=d]");
	check("<STYLE><meta name=a content=b></STYLE ><meta name=c content=d>", "[c=d]");
	check("<title><meta name=a content=b></title><meta name=c content=d>", "[c=d]");
	check("<textarea><meta name=a content=b></textarea><meta name=c content=d>",
	      "[c=d]");
	check("<xmp><meta name=a content=b></xmpx></xmp><meta name=c content=d>",
	      "[c=d]");
	check("<p title='><meta name=a content=b>'><meta name=c content=d>", "[c=d]");
	check("<a b='<title>'><meta name=c content=d>", "[c=d]");
	check("<!-- <title> --><meta name=c content=d>", "[c=d]");
	check("<title><meta name=a content=b>", "");
	check("<title>x</titl><meta name=a content=b></ti", "");
}

test(a_tag_that_is_cut_off_is_none)
{
	check("<meta name=c content=d><meta name=a content=b", "[c=d]");
	check("<meta name=a content='b>", "");
}

test(a_tag_without_both_is_none)
{
	check("<meta name=a><meta content=b><meta><meta name content>", "");
}

test(what_a_page_says_of_its_encoding_does_not_count)
{
	check("<meta http-equiv=content-type content='text/html; charset=utf-16'>"
	      "<meta charset=utf-16><meta name=c content='\xc3\xa9'>",
	      "[c=\xc3\xa9]");
	check("<p>\xe9</p><meta name=c content='d\xe9'>", "[c=d?]");
}

test(a_nul_ends_nothing)
{
	static const char html[] = "<p>\0</p><meta name=c content=d>";
	autoclear(buf) found = {0};

	meta_scan(html, sizeof(html) - 1, note, &found);
	assert_string_equal(buf_string(&found), "[c=d]");
}

static bool refuse(const char *name, const char *content, void *context)
{
	note(name, content, context);
	return false;
}

test(who_has_seen_enough_is_told_no_more)
{
	static const char html[] = "<meta name=a content=b><meta name=c content=d>";
	autoclear(buf) found = {0};

	meta_scan(html, strlen(html), refuse, &found);
	assert_string_equal(buf_string(&found), "[a=b]");
}

/* Pages that would keep a parser busy for minutes, if each end tag were looked for among all
 * that is open, or each piece looked at from its beginning. */
test(a_hostile_page_takes_no_longer_than_another)
{
	static const char *const pieces[] = {"<b>", "<b></i>", "</html>", "<a b=\">",
	                                     "<!-- >"};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		autoclear(buf) html = {0}, found = {0};

		while (html.len < 1 << 20)
			buf_text(&html, pieces[i]);
		meta_scan(html.data, html.len, note, &found);
		assert_int_equal(found.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tag_counts_wherever_it_stands),
		cmocka_unit_test(letters_of_tags_and_attributes_may_be_large),
		cmocka_unit_test(references_become_characters),
		cmocka_unit_test(what_only_looks_like_a_tag_is_none),
		cmocka_unit_test(a_tag_that_is_cut_off_is_none),
		cmocka_unit_test(a_tag_without_both_is_none),
		cmocka_unit_test(what_a_page_says_of_its_encoding_does_not_count),
		cmocka_unit_test(a_nul_ends_nothing),
		cmocka_unit_test(who_has_seen_enough_is_told_no_more),
		cmocka_unit_test(a_hostile_page_takes_no_longer_than_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
