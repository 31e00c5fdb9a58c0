/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/fetch_remote.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "common/lock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/path.h"
#include "stage0/fetch/proof.h"
#include "stage0/fetch/receive.h"

/* No archive is larger. */
static const int64_t archive_max = (int64_t)64 << 30;
enum { LOCK_MILLISECONDS = 200 };

/* One URL, while it is being fetched. */
struct visit {
	struct wanted *wanted;
	struct crew *crew;
	struct net *net;
	const char *url;
	const char *signature_url;
	struct remote *remote;
	int64_t began; /* seconds since 1970 */

	struct remote_record old;
	struct image_id old_id;
	bool has_old;

	struct proof proof;
	bool deferred; /* the signature comes after the archive */
	bool judged;   /* the verifier has said what it thinks of the bytes */
	int64_t shown; /* bytes that the verifier has seen */

	struct net_reply reply;
	struct remote_partial partial;
	int fd;       /* of the archive; -1 until it is begun */
	int64_t have; /* bytes of it */
	struct progress_item *progress;
};

static void visit_clear(struct visit *visit)
{
	remote_free(visit->remote);
	remote_record_clear(&visit->old);
	proof_clear(&visit->proof);
	net_reply_clear(&visit->reply);
	remote_partial_clear(&visit->partial);
	if (visit->fd >= 0)
		close(visit->fd);
}

static bool is_secure(const struct wanted *wanted)
{
	return !(host_insecure(wanted->fetching->host) & INSECURE_IMAGE);
}

/* Whether the image ID, which the record names, would be accepted if it came today. */
static int is_acceptable(const struct wanted *wanted, const struct remote_record *record,
                         const struct image_id *id, struct error *err)
{
	const struct reference *ref = &wanted->ref;
	autoclear(image_manifest) manifest = {0};
	struct error mismatch;
	int r = store_manifest(wanted->fetching->store, id, &manifest, err);

	if (r != STORE_OK)
		return r < 0 ? r : false;
	if (ref->kind == REFERENCE_NAME &&
	    wanted_check(&manifest, ref->text, ref->labels.items, ref->labels.count,
	                 &mismatch) < 0)
		return false;
	if (!is_secure(wanted))
		return true;
	if (!record->signed_by)
		return false;
	return keystore_covers(host_keystore(wanted->fetching->host), manifest.name,
	                       record->signed_by, err);
}

/* Reads the record, if its image would be accepted. */
static int read_old(struct visit *visit, struct error *err)
{
	struct remote_record *old = &visit->old;
	int r;

	remote_record_clear(old);
	r = remote_read(visit->remote, old, &visit->old_id, err);
	if (r == STORE_OK)
		r = is_acceptable(visit->wanted, old, &visit->old_id, err);
	else if (r == STORE_MISSING)
		r = false;
	visit->has_old = r > 0;
	if (r == false)
		remote_record_clear(old);
	return r < 0 ? r : 0;
}

static int use_old(struct visit *visit)
{
	log_debug("image: using image from local store for url %s", visit->url);
	visit->wanted->id = visit->old_id;
	visit->wanted->found = true;
	return 0;
}

static bool is_fresh(const struct visit *visit)
{
	int64_t age = visit->began - visit->old.asked;

	return visit->has_old && age >= 0 && age < visit->old.max_age;
}

/* Who is one of several must end when another fails: a lock alone cannot tell of that. */
static int wait_lock(struct visit *visit, struct error *err)
{
	struct pollfd stop = {.fd = crew_stop_fd(visit->crew), .events = POLLIN};
	int r;

	if (stop.fd < 0)
		return remote_wait_lock(visit->remote, err);
	do {
		if (poll(&stop, 1, LOCK_MILLISECONDS) > 0)
			return error_set(err, -ECANCELED, "stopped");
		r = remote_try_lock(visit->remote, err);
	} while (r == LOCK_BUSY);
	return r;
}

/* Returns whether another process fetched it while this one waited. */
static int lock(struct visit *visit, struct error *err)
{
	int r = remote_try_lock(visit->remote, err);

	if (r != LOCK_BUSY)
		return r < 0 ? r : false;
	log_warning("image: another %s instance is downloading this file, waiting...",
	            host_program(visit->wanted->fetching->host));
	crew_rest(visit->crew);
	r = wait_lock(visit, err);
	crew_resume(visit->crew);
	if (r >= 0)
		r = read_old(visit, err);
	return r < 0 ? r : visit->has_old && visit->old.written >= visit->began;
}

static int64_t size_max(const struct visit *visit)
{
	return visit->wanted->size ? visit->wanted->size : archive_max;
}

static int get(struct visit *visit, const char *etag, const char *last_modified,
               int64_t offset, struct error *err)
{
	const struct net_request request = {
		.url = visit->url,
		.etag = etag,
		.last_modified = last_modified,
		.offset = offset,
		.size_max = size_max(visit),
	};
	int r;

	net_reply_clear(&visit->reply);
	log_debug("image: fetching image from %s", visit->url);
	crew_rest(visit->crew);
	r = net_get(visit->net, &request, &visit->reply, err);
	crew_resume(visit->crew);
	return r;
}

static void give_up_body(struct visit *visit)
{
	struct error ignored;

	crew_rest(visit->crew);
	(void)!net_finish(visit->net, &ignored);
	crew_resume(visit->crew);
}

/* The record holds for another while: unlike rkt's, which stays as old as it was. */
static int renew_old(struct visit *visit, struct error *err)
{
	struct remote_record *old = &visit->old;

	old->asked = visit->began;
	old->max_age = visit->reply.max_age;
	if (visit->reply.etag) {
		free(old->etag);
		old->etag = take(visit->reply.etag);
	}
	return remote_write(visit->remote, old, err);
}

/* Returns whether the image that the record names is still what the URL gives. */
static int is_unchanged(struct visit *visit, struct error *err)
{
	int r;

	if (!visit->has_old || (!visit->old.etag && !visit->old.last_modified))
		return false;
	r = get(visit, visit->old.etag, visit->old.last_modified, 0, err);
	if (r == NET_BODY)
		give_up_body(visit); /* its signature comes first */
	if (r != NET_UNCHANGED)
		return r < 0 ? r : false;
	return renew_old(visit, err) < 0 ? err->code : true;
}

static int no_signature(int why, struct error *err)
{
	const struct error said = *err;

	if (why == -ENOENT)
		(void)!error_set(err, why,
		                 "%s (an image that nobody signed needs "
		                 "--insecure-options=image)",
		                 said.text);
	return error_wrap(err, "error downloading the signature file");
}

/* Gets the signature; sets DEFERRED if the server has it later (rkt 4.7). */
static int get_signature(struct visit *visit, struct error *err)
{
	struct buf *text = &visit->proof.text;
	int r;

	buf_clear(text);
	log_debug("image: downloading signature from %s", visit->signature_url);
	crew_rest(visit->crew);
	r = net_get_text(visit->net, visit->signature_url, PROOF_MAX, text, err);
	crew_resume(visit->crew);
	if (r < 0)
		return no_signature(r, err);
	if (r == NET_DEFERRED && visit->deferred)
		return error_set(err, -EAGAIN,
		                 "error downloading the signature file: server asked to "
		                 "defer the download again");
	visit->deferred = r == NET_DEFERRED;
	if (visit->deferred) {
		log_warning("image: server requested deferring the signature download");
		return 0;
	}
	return proof_begin(visit->wanted, &visit->proof, err);
}

static int prepare_signature(struct visit *visit, struct error *err)
{
	if (!is_secure(visit->wanted))
		return 0;
	visit->proof.origin = memory_text(visit->signature_url);
	return get_signature(visit, err);
}

/* Shows the verifier what is there and it has not seen. */
static int show(struct visit *visit, struct error *err)
{
	int r;

	if (!visit->proof.verifier || visit->shown == visit->have)
		return 0;
	crew_rest(visit->crew);
	r = receive_again(visit->proof.verifier, visit->fd, visit->have, err);
	crew_resume(visit->crew);
	visit->shown = visit->have;
	return r;
}

/* Looks for what a killed download has left. */
static int find_partial(struct visit *visit, struct error *err)
{
	int r = remote_resume(visit->remote, &visit->partial, &visit->fd, &visit->have,
	                      err);

	if (r != STORE_OK)
		return r < 0 ? r : 0;
	/* One that is whole lacks only its last byte: servers refuse to give none. */
	if (visit->have == visit->partial.total && visit->have > 0) {
		visit->have--;
		if (ftruncate(visit->fd, visit->have) < 0)
			return error_errno(err, "cannot shorten the partial download");
	}
	return 0;
}

/* The body does not go on from what is there. */
static int begin_anew(struct visit *visit, struct error *err)
{
	struct net_reply *reply = &visit->reply;

	if (visit->have)
		log_warning("image: cannot use cached partial download, resource "
		            "updated.");
	if (visit->fd >= 0)
		close(visit->fd);
	visit->fd = -1;
	visit->have = 0;
	remote_partial_clear(&visit->partial);
	visit->partial.total = reply->total;
	if (reply->resumable) {
		visit->partial.etag = memory_text(reply->etag);
		visit->partial.last_modified = memory_text(reply->last_modified);
	}
	return remote_begin(visit->remote, &visit->partial, &visit->fd, err);
}

static int begin_body(struct visit *visit, struct error *err)
{
	const struct remote_partial *partial = &visit->partial;
	bool resumable = visit->have && (partial->etag || partial->last_modified);
	int r = get(visit, resumable ? partial->etag : NULL,
	            resumable ? partial->last_modified : NULL,
	            resumable ? visit->have : 0, err);

	if (r < 0)
		return r;
	if (r != NET_BODY)
		return error_set(err, -EPROTO,
		                 r == NET_DEFERRED
		                         ? "the server asked to defer the download"
		                         : "the server says that nothing has changed");
	if (visit->fd >= 0 && visit->reply.offset == visit->have)
		return 0;
	if (visit->reply.offset == 0)
		return begin_anew(visit, err);
	return error_set(err, -EPROTO, "the server gave another part than was asked for");
}

/* Reads the body to its end. */
static int take_body(struct visit *visit, struct error *err)
{
	struct reception reception = {
		.to_fd = visit->fd,
		.have = visit->have,
		.size_max = size_max(visit),
		.verifier = visit->proof.verifier,
		.progress = visit->progress,
		.stop_fd = crew_stop_fd(visit->crew),
		.remote = visit->remote,
		.partial = &visit->partial,
	};
	struct error finish_error;
	int r, finished;

	if (lseek(visit->fd, visit->have, SEEK_SET) < 0)
		return error_errno(err, "cannot go on in the partial download");
	crew_rest(visit->crew);
	r = receive(&reception, net_body_fd(visit->net), err);
	finished = net_finish(visit->net, &finish_error);
	crew_resume(visit->crew);
	visit->have = reception.have;
	if (visit->proof.verifier)
		visit->shown = visit->have;
	if (r < 0)
		return r;
	if (finished < 0)
		*err = finish_error;
	return finished;
}

/* Whether there is a place for what is to come: better now than when the disk is full. */
static int check_room(const struct visit *visit, struct error *err)
{
	int64_t needed = visit->reply.total - visit->have, room;
	struct statvfs disk;

	if (fstatvfs(visit->fd, &disk) < 0)
		return error_errno(err, "cannot look at the disk");
	room = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
	if (needed <= room)
		return 0;
	errno = ENOSPC;
	return error_errno(err, "%lld bytes are to come, and there is room for %lld",
	                   (long long)needed, (long long)room);
}

/* If the connection breaks, the half that talks to the network goes on with another. */
static int transfer(struct visit *visit, struct error *err)
{
	int r = begin_body(visit, err);

	if (r < 0)
		return r;
	visit->progress = progress_begin(visit->wanted->fetching->progress,
	                                 visit->wanted->text, visit->url, visit->have,
	                                 visit->reply.total);
	r = check_room(visit, err);
	if (r >= 0)
		r = show(visit, err);
	if (r >= 0)
		return take_body(visit, err);
	give_up_body(visit);
	return r;
}

static int download(struct visit *visit, struct error *err)
{
	int r = find_partial(visit, err);

	if (r >= 0)
		r = transfer(visit, err);
	if (visit->progress)
		progress_end(visit->progress, r >= 0);
	return r;
}

static int verify(struct visit *visit, struct error *err)
{
	if (!is_secure(visit->wanted))
		return 0;
	if (visit->deferred && get_signature(visit, err) < 0)
		return err->code;
	if (show(visit, err) < 0)
		return err->code;
	visit->judged = true;
	return proof_end(visit->wanted, &visit->proof, err);
}

/* Moves the archive into the arrival, and sees that it is the file that was verified. */
static int hand_over(struct visit *visit, struct error *err)
{
	int draft_fd = arrival_fd(visit->wanted->arrival);
	struct stat received, moved;

	if (remote_take(visit->remote, draft_fd, ARRIVAL_ACI, err) < 0 ||
	    path_stat(draft_fd, ARRIVAL_ACI, &moved, err) < 0)
		return err->code;
	if (fstat(visit->fd, &received) < 0)
		return error_errno(err, "cannot look at the archive");
	if (received.st_dev != moved.st_dev || received.st_ino != moved.st_ino)
		return error_set(err, -EBADMSG, "the archive was exchanged");
	/* Whoever unpacks it is to find nobody who may write it. */
	close(visit->fd);
	visit->fd = -1;
	return 0;
}

static void make_record(struct visit *visit)
{
	struct wanted *wanted = visit->wanted;

	wanted->record = (struct remote_record){
		.url = memory_text(visit->url),
		.etag = take(visit->reply.etag),
		.last_modified = take(visit->reply.last_modified),
		.max_age = visit->reply.max_age,
		.asked = visit->began,
		.signature = memory_text(visit->proof.origin),
		.signed_by = memory_text(wanted->signed_by),
	};
	wanted->remote = take(visit->remote);
}

/* What can never be verified is worth nothing, nor what fills a disk. */
static int drop(struct visit *visit, struct error *err)
{
	struct error drop_error;

	if (remote_drop(visit->remote, &drop_error) < 0)
		log_warning("%s", drop_error.text);
	return err->code;
}

static int bring(struct visit *visit, struct error *err)
{
	struct wanted *wanted = visit->wanted;
	int r = prepare_signature(visit, err);

	if (r >= 0)
		r = download(visit, err);
	if (r == -EFBIG || r == -ENOSPC || r == -EDQUOT)
		return drop(visit, err);
	if (r < 0)
		return r;
	if (verify(visit, err) < 0)
		return visit->judged ? drop(visit, err) : err->code;
	if (fetch_begin(wanted, err) < 0 || hand_over(visit, err) < 0 ||
	    fetch_unpack(wanted, &visit->proof, err) < 0)
		return err->code;
	make_record(visit);
	return 0;
}

static int check_url(const struct wanted *wanted, const char *url, struct error *err)
{
	if (strncasecmp(url, "https://", 8) == 0 ||
	    host_insecure(wanted->fetching->host) & INSECURE_HTTP)
		return 0;
	if (strncasecmp(url, "http://", 7) != 0)
		return error_set(err, -EINVAL, "is neither https nor http");
	return error_set(err, -EPERM,
	                 "is not https (use --insecure-options=http to allow it)");
}

static int visit_url(struct visit *visit, struct error *err)
{
	int r = read_old(visit, err);

	if (r < 0)
		return r;
	if (is_fresh(visit)) {
		log_debug("image: image for %s isn't expired, not fetching.", visit->url);
		return use_old(visit);
	}
	r = lock(visit, err);
	if (r == 0)
		r = is_unchanged(visit, err);
	if (r > 0)
		return use_old(visit);
	return r < 0 ? r : bring(visit, err);
}

int fetch_remote(struct wanted *wanted, struct net *net, const char *url,
                 const char *signature_url, struct error *err)
{
	autoclear(visit) visit = {
		.wanted = wanted,
		.crew = wanted->fetching->crew,
		.net = net,
		.url = url,
		.signature_url = signature_url,
		.began = (int64_t)time(NULL),
		.fd = -1,
	};
	int r = check_url(wanted, url, err);

	log_debug("image: remote fetching from URL \"%s\"", url);
	wanted->origin = memory_text(url);
	if (r >= 0)
		r = remote_open(wanted->fetching->store, url, &visit.remote, err);
	if (r >= 0)
		r = visit_url(&visit, err);
	/* What was asked for is said by whoever asks. */
	return r < 0 && url != wanted->ref.text ? error_wrap(err, "'%s'", url) : r;
}

int fetch_url(struct wanted *wanted, size_t slot, struct error *err)
{
	autofree char *signature = proof_place(wanted->ref.text);
	struct net *net;

	if (fetching_net(wanted->fetching, slot, &net, err) < 0)
		return err->code;
	return fetch_remote(wanted, net, wanted->ref.text, signature, err);
}
