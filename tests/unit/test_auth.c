/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/config/config.h"

#include "tests/unit/config_place.h"

static struct config config;

/* One file of basic credentials, whose user is the domain. */
static void set_domain(const char *domain)
{
	autofree char *path = memory_format("local/auth.d/%zu.json", strlen(domain));
	autofree char *text = memory_format(
		"{\"rktKind\":\"auth\",\"rktVersion\":\"v1\",\"domains\":[\"%s\"],"
		"\"type\":\"basic\",\"credentials\":{\"user\":\"u\",\"password\":\"p\"}}",
		domain);

	put(path, text);
	config_clear(&config);
	assert_int_equal(config_read(&config, &place, CONFIG_AUTH, &err), 0);
}

static int auth_remove(void **state)
{
	config_clear(&config);
	return place_remove(state);
}

static void assert_given(const char *url, bool given)
{
	if (!auth_for(&config.auth, url) == given)
		fail_msg("%s: %s", url, given ? "nothing" : "something");
}

test(credentials_are_for_exactly_the_host)
{
	set_domain("example.com");
	assert_given("https://example.com/", true);
	assert_given("https://example.com", true);
	assert_given("https://example.com/a/b.aci?x=1#y", true);
	assert_given("https://example.com?ac-discovery=1", true);
	assert_given("HTTPS://Example.COM/", true);
	assert_given("https://www.example.com/", false);
	assert_given("https://example.com.evil.org/", false);
	assert_given("https://notexample.com/", false);
	assert_given("https://example.co/", false);
	assert_given("https://example.com./", false);
	assert_given("https://evil.org/https://example.com/", false);
}

test(credentials_are_for_exactly_the_port)
{
	set_domain("example.com");
	assert_given("https://example.com:443/", true);
	assert_given("https://example.com:8443/", false);
	set_domain("x.org:8443");
	assert_given("https://x.org:8443/", true);
	assert_given("https://x.org:08443/", true);
	assert_given("https://x.org/", false);
	assert_given("https://x.org:443/", false);
	assert_given("https://x.org:84430/", false);
}

test(credentials_are_for_https_alone)
{
	set_domain("example.com");
	assert_given("http://example.com/", false);
	assert_given("http://example.com:443/", false);
	assert_given("ftp://example.com/", false);
	assert_given("//example.com/", false);
	assert_given("example.com", false);
	assert_given("", false);
}

test(urls_that_may_be_read_in_two_ways_get_none)
{
	set_domain("example.com");
	assert_given("https://user@example.com/", false);
	assert_given("https://example.com@evil.org/", false);
	assert_given("https://example.com:443@evil.org/", false);
	assert_given("https://evil.org\\@example.com/", false);
	assert_given("https://example.com\\.evil.org/", false);
	assert_given("https:// example.com/", false);
	assert_given("https://example.com /", false);
	assert_given("https://example%2ecom/", false);
	assert_given("https:///example.com/", false);
	assert_given("https://example.com:/", false);
	assert_given("https://example.com:443:443/", false);
	assert_given("https://example.com:4294967739/", false);
}

test(an_address_is_a_host_too)
{
	set_domain("[::1]:8443");
	set_domain("192.0.2.1");
	assert_given("https://[::1]:8443/a", true);
	assert_given("https://[::1]/a", false);
	assert_given("https://192.0.2.1/a", true);
}

test(each_url_gets_its_own)
{
	set_domain("a.org");
	set_domain("bb.org");
	assert_ptr_not_equal(auth_for(&config.auth, "https://a.org/"),
	                     auth_for(&config.auth, "https://bb.org/"));
	assert_given("https://c.org/", false);
}

static void assert_region(const char *domain, const char *region)
{
	autofree char *text = memory_format(
		"{\"rktKind\":\"auth\",\"rktVersion\":\"v1\",\"domains\":["
		"\"%s\"],\"type\":\"aws\",\"credentials\":{"
		"\"accessKeyID\":\"k\",\"secretAccessKey\":\"s\"}}",
		domain);
	autofree char *url = memory_format("https://%s/a.aci", domain);
	const struct credentials *credentials;

	put("local/auth.d/a.json", text);
	config_clear(&config);
	assert_int_equal(config_read(&config, &place, CONFIG_AUTH, &err), 0);
	credentials = auth_for(&config.auth, url);
	assert_non_null(credentials);
	assert_int_equal(credentials->kind, CREDENTIALS_AWS);
	assert_string_equal(credentials->region, region);
	assert_true(credentials->region_guessed);
}

test(a_region_is_guessed_from_the_names_that_amazon_gives)
{
	assert_region("s3.amazonaws.com", "us-east-1");
	assert_region("bucket.s3.amazonaws.com", "us-east-1");
	assert_region("s3-eu-west-1.amazonaws.com", "eu-west-1");
	assert_region("bucket.s3-eu-west-1.amazonaws.com", "eu-west-1");
	assert_region("bucket.s3.eu-central-1.amazonaws.com:443", "eu-central-1");
	assert_region("s3.dualstack.eu-west-2.amazonaws.com", "eu-west-2");
	assert_region("bucket.s3.cn-north-1.amazonaws.com.cn", "cn-north-1");
	assert_region("s3-bucket.s3.eu-west-1.amazonaws.com", "eu-west-1");
	assert_region("images.example.com", "us-east-1");
	assert_region("s3.eu-west-1.example.com", "us-east-1");
}

test(a_region_that_is_given_stays)
{
	put("local/auth.d/a.json",
	    "{\"rktKind\":\"auth\",\"rktVersion\":\"v1\",\"domains\":[\"a.org\"],"
	    "\"type\":\"aws\",\"credentials\":{\"accessKeyID\":\"k\","
	    "\"secretAccessKey\":\"s\",\"awsRegion\":\"r\"}}");
	assert_int_equal(config_read(&config, &place, CONFIG_AUTH, &err), 0);
	assert_string_equal(auth_for(&config.auth, "https://a.org/")->region, "r");
	assert_false(auth_for(&config.auth, "https://a.org/")->region_guessed);
}

#define unit_with_auth(name) \
	cmocka_unit_test_setup_teardown(name, place_make, auth_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_with_auth(credentials_are_for_exactly_the_host),
		unit_with_auth(credentials_are_for_exactly_the_port),
		unit_with_auth(credentials_are_for_https_alone),
		unit_with_auth(urls_that_may_be_read_in_two_ways_get_none),
		unit_with_auth(an_address_is_a_host_too),
		unit_with_auth(each_url_gets_its_own),
		unit_with_auth(a_region_is_guessed_from_the_names_that_amazon_gives),
		unit_with_auth(a_region_that_is_given_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
