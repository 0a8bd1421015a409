package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/keyport/keyport/models"
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("keyport_"+name, help, labels, nil)
}

// What is read when somebody scrapes. Each help says what to do.
var (
	buildInfo = desc("build_info", "Always 1; the labels say which Keyport runs on which database.", "version", "goversion", "database")

	verifyOutcomes = desc("verifications_total", "Answers of /verify, by outcome. Many unauthorized: somebody tries keys, or a client has an old one. Any unavailable: the database did not answer.", "outcome")
	verifyTime     = desc("verification_duration_seconds", "Time that /verify took, without the network. If it grows, look at keyport_cache_answers_total and keyport_feed_fresh.")
	lookups        = desc("key_lookups_total", "Keys that were looked up for /verify and introspection, by what was found. If unknown grows, the database does not answer.", "result")
	cacheAnswers   = desc("cache_answers_total", "Good keys that were answered without asking the database. Divide by keyport_key_lookups_total{result=\"good\"}: below 0.5 on a busy server, keys change all the time or the feed is down.")
	cachedKeys     = desc("cached_keys", "Keys that the cache would answer for now.")
	knownKeys      = desc("known_keys", "Keys of which this process knows that they exist, so that it can refuse others without a look-up. 0 while some may be missing; if it stays 0, look at keyport_feed_fresh and the log.")
	unknownKeys    = desc("unknown_keys_refused_total", "Keys that nobody made, from networks that present too many such, and that were not looked up. If it grows, somebody tries keys or a script is broken: look for 429 in the log.")
	feedFresh      = desc("feed_fresh", "1 while changes of keys are heard of and the cache may answer, 0 while each call asks the database. If it stays 0, check that LISTEN reaches PostgreSQL directly and not by PgBouncer.")
	feedAge        = desc("feed_age_seconds", "Time since it was last known that no change of a key was missed. Above 0.7 the cache does not answer.")

	signIns      = desc("sign_ins_total", "Tries to sign in or to confirm who one is, by outcome. Many failed or slowed: somebody tries passwords; see the audit trail.", "outcome")
	accessTokens = desc("access_tokens_total", "Access tokens that were given to service accounts for tokens of OIDC issuers.")

	attempts    = desc("delivery_attempts_total", "Attempts to deliver an event, by channel and outcome. failed is final: look at the subscription's page.", "channel", "outcome")
	pending     = desc("deliveries_pending", "Deliveries that are to be sent, by channel. If email grows, check the mail server (KEYPORT_SMTP_URL).", "channel")
	overdue     = desc("delivery_overdue_seconds", "How long the delivery waits that should have gone out first. Above some minutes: check that a replica runs and may call out.")
	unseen      = desc("events_unsent", "Events that nobody has looked at for sending yet. If it grows, look for errors in the log.")
	letters     = desc("letters_total", "Letters that requests asked for, such as password links, by outcome. given_up and dropped never arrive: check the mail server.", "outcome")
	lettersWait = desc("letters_waiting", "Letters in the queue of this process. It holds 200.")

	liveKeys   = desc("keys_live", "API keys that work now.")
	keysEnding = desc("keys_expiring", "API keys that work now and end within so many days. Each also counts in the longer time. See Configuration, API Keys.", "days")
	expiryTask = desc("expiry_task_last_end_timestamp_seconds", "When the expiry task last ended; it runs every 4 hours. If it is older than 8 hours, nobody is warned: look at Configuration, Tasks.")

	connections    = desc("database_connections", "Connections to the database, by pool and state.", "pool", "state")
	connectionsMax = desc("database_connections_max", "Most connections that a pool opens. On PostgreSQL, raise it by pool_max_conns in KEYPORT_DATABASE_URL.", "pool")
	poolWaits      = desc("database_waits_total", "How often work had to wait for a connection.", "pool")
	poolWait       = desc("database_wait_seconds_total", "Time that work waited for a connection. If it grows, give the pool more, or find what holds them.", "pool")
	unread         = desc("overview_failures_total", "Times that the metrics which the database knows could not be read. Look at the log.")
)

// Describe sends nothing, so that what can't be read may be left out.
func (m *Metrics) Describe(chan<- *prometheus.Desc) {}

// Collect reads everything that is not counted here.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	c := collector{out}
	c.gauge(buildInfo, 1, m.Version, goVersion(), m.Store.Engine())
	m.collectVerify(c)
	m.collectDelivery(c)
	m.collectOverview(c)
	in := m.Store.SignInStats()
	c.counter(signIns, in.Succeeded, "succeeded")
	c.counter(signIns, in.Failed, "failed")
	c.counter(signIns, in.Slowed, "slowed")
	c.counter(accessTokens, in.AccessTokens)
	for _, p := range m.Store.Connections() {
		c.gauge(connections, float64(p.InUse), p.Pool, "in_use")
		c.gauge(connections, float64(p.Idle), p.Pool, "idle")
		c.gauge(connectionsMax, float64(p.Max), p.Pool)
		c.counter(poolWaits, p.Waits, p.Pool)
		out <- prometheus.MustNewConstMetric(poolWait, prometheus.CounterValue, p.Waited.Seconds(), p.Pool)
	}
}

func (m *Metrics) collectVerify(c collector) {
	byOutcome, buckets, n, seconds := m.verified.sum()
	for o, count := range byOutcome {
		c.counter(verifyOutcomes, int64(count), outcomeNames[o])
	}
	c.out <- prometheus.MustNewConstHistogram(verifyTime, n, seconds, buckets)
	v := m.Store.VerifyStats()
	c.counter(lookups, v.Good, "good")
	c.counter(lookups, v.Refused, "refused")
	c.counter(lookups, v.Unknown, "unknown")
	c.counter(cacheAnswers, v.Cached)
	c.gauge(cachedKeys, float64(m.Store.CachedKeys()))
	known := m.Store.KnownKeysStats()
	c.gauge(knownKeys, float64(known.Known))
	c.counter(unknownKeys, known.Refused)
	if feed := m.Store.FeedStats(); feed.Started {
		fresh := 0.0
		if feed.Fresh {
			fresh = 1
		}
		c.gauge(feedFresh, fresh)
		c.gauge(feedAge, feed.Age.Seconds())
	}
}

// deliveryOutcomes words what an attempt ended with.
var deliveryOutcomes = map[models.DeliveryState]string{
	models.DeliveryDelivered: "delivered", models.DeliveryPending: "retried", models.DeliveryFailed: "failed", models.DeliveryDropped: "dropped",
}

func (m *Metrics) collectDelivery(c collector) {
	for _, d := range m.Store.DeliveryStats() {
		c.counter(attempts, d.N, string(d.Channel), deliveryOutcomes[d.Outcome])
	}
	if m.Letters == nil {
		return
	}
	l := m.Letters()
	c.counter(letters, l.Sent, "sent")
	c.counter(letters, l.Retried, "retried")
	c.counter(letters, l.GivenUp, "given_up")
	c.counter(letters, l.Dropped, "dropped")
	c.gauge(lettersWait, float64(l.Waiting))
}

func (m *Metrics) collectOverview(c collector) {
	o, known, failures := m.current()
	c.counter(unread, failures)
	if !known {
		return
	}
	c.gauge(liveKeys, float64(o.LiveKeys))
	c.gauge(keysEnding, float64(o.Within20Days), "20")
	c.gauge(keysEnding, float64(o.Within10Days), "10")
	c.gauge(pending, float64(o.PendingWebhooks), string(models.ChannelWebhook))
	c.gauge(pending, float64(o.PendingMails), string(models.ChannelEmail))
	c.gauge(overdue, o.Overdue.Seconds())
	c.gauge(unseen, float64(o.UnseenEvents))
	if !o.ExpiryTask.IsZero() {
		c.gauge(expiryTask, float64(o.ExpiryTask.UnixMicro())/1e6)
	}
}

// collector sends what is read to Prometheus.
type collector struct{ out chan<- prometheus.Metric }

func (c collector) gauge(d *prometheus.Desc, value float64, labels ...string) {
	c.out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func (c collector) counter(d *prometheus.Desc, value int64, labels ...string) {
	c.out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
}
