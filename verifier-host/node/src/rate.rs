//! How often one client may ask: a bucket of tokens for each address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most addresses that are remembered. Strangers choose their addresses, so they must not choose our memory.
pub const CLIENTS_MAX: usize = 8192;

/// A bucket: what may come at once, and how fast it fills again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests that may come at once, at least 1.
    pub burst: u32,
    /// Time after which one more may come.
    pub refill: Duration,
}

/// How often one client may ask.
///
/// A proxy in front of the node is one client: forwarding headers are not believed, since anyone can write them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// A client elsewhere: one IPv4 address, or one IPv6 network of 64 bits.
    pub remote: Rate,
    /// All clients of this machine together.
    pub loopback: Rate,
}

impl RateLimits {
    /// 100 requests at once and 50 a second for a client elsewhere; for this machine 40,000 and 20,000: more than the
    /// block loop takes, so that only a runaway loop meets it.
    pub const fn standard() -> RateLimits {
        RateLimits {
            remote: Rate { burst: 100, refill: Duration::from_millis(20) },
            loopback: Rate { burst: 40_000, refill: Duration::from_micros(50) },
        }
    }
}

/// Who asks, as far as limits are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Client {
    Loopback,
    V4([u8; 4]),
    /// The network: whoever has one address of it has all 2^64.
    V6([u8; 8]),
}

impl Client {
    pub(crate) fn of(address: IpAddr) -> Client {
        match address.to_canonical() {
            address if address.is_loopback() => Client::Loopback,
            IpAddr::V4(address) => Client::V4(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Client::V6([a, b, c, d, e, f, g, h])
            }
        }
    }
}

/// The time at which a bucket is full again; one in the past is full now.
type Full = Instant;

/// Buckets in two generations: the older one is forgotten once the younger has half the room. A bucket that is forgotten
/// starts full, so forgetting only ever admits more.
#[derive(Default)]
struct Buckets {
    young: BTreeMap<Client, Full>,
    old: BTreeMap<Client, Full>,
}

/// The buckets of all clients.
pub(crate) struct RateLimiter {
    limits: RateLimits,
    buckets: Mutex<Buckets>,
}

impl RateLimiter {
    pub(crate) fn new(limits: RateLimits) -> RateLimiter {
        RateLimiter { limits, buckets: Mutex::default() }
    }

    /// Takes one token of `client` at `now`.
    ///
    /// # Errors
    /// The time after which there is one.
    pub(crate) fn take(&self, client: Client, now: Instant) -> Result<(), Duration> {
        let rate = if client == Client::Loopback { self.limits.loopback } else { self.limits.remote };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let known = buckets.young.get(&client).or_else(|| buckets.old.get(&client)).copied();
        let full = known.map_or(now, |full| full.max(now)) + rate.refill;
        // A bucket that lacks its whole content is full after `burst` refills.
        let excess = full.duration_since(now).saturating_sub(rate.refill.saturating_mul(rate.burst.max(1)));
        if !excess.is_zero() {
            return Err(excess);
        }
        buckets.young.insert(client, full);
        if buckets.young.len() >= CLIENTS_MAX / 2 {
            buckets.old = std::mem::take(&mut buckets.young);
        }
        Ok(())
    }

    #[cfg(test)]
    fn count(&self) -> usize {
        let buckets = self.buckets.lock().expect("no panic");
        buckets.young.len() + buckets.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limiter(burst: u32) -> RateLimiter {
        let remote = Rate { burst, refill: SECOND };
        RateLimiter::new(RateLimits { remote, loopback: Rate { burst: 1000, refill: SECOND } })
    }

    fn client(text: &str) -> Client {
        Client::of(text.parse().expect("an address"))
    }

    #[test]
    fn a_burst_then_one_for_every_refill() {
        let (limiter, start) = (limiter(3), Instant::now());
        let (mine, other) = (client("10.0.0.1"), client("10.0.0.2"));
        for _ in 0..3 {
            assert_eq!(limiter.take(mine, start), Ok(()));
        }
        assert_eq!(limiter.take(mine, start), Err(SECOND));
        assert_eq!(limiter.take(mine, start + SECOND / 4), Err(SECOND * 3 / 4));
        assert_eq!(limiter.take(other, start), Ok(()), "another client has its own");
        assert_eq!(limiter.take(mine, start + SECOND), Ok(()));
        assert_eq!(limiter.take(mine, start + SECOND), Err(SECOND), "refused requests cost nothing, taken ones do");
        // However long it waits, a burst is the most.
        let later = start + SECOND * 1000;
        assert_eq!((0..10).filter(|_| limiter.take(mine, later).is_ok()).count(), 3);
    }

    /// The same counted by hand: tokens in whole refills.
    #[test]
    fn it_admits_what_a_count_of_tokens_admits() {
        let (limiter, start) = (limiter(5), Instant::now());
        let (mut tokens, mut at, mut seed) = (5u64, 0u64, 1u64);
        for _ in 0..2000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let pause = (seed >> 33) % 3;
            at += pause;
            tokens = (tokens + pause).min(5);
            let admitted = limiter.take(client("10.0.0.1"), start + SECOND * u32::try_from(at).expect("small")).is_ok();
            assert_eq!(admitted, tokens > 0, "second {at}");
            tokens -= u64::from(admitted);
        }
    }

    #[test]
    fn strangers_do_not_choose_our_memory() {
        let (limiter, now) = (limiter(1), Instant::now());
        for n in 0..100_000u32 {
            assert_eq!(limiter.take(Client::V4(n.to_be_bytes()), now), Ok(()));
            assert!(limiter.count() <= CLIENTS_MAX);
        }
        // The last half is remembered at least.
        for n in 100_000 - u32::try_from(CLIENTS_MAX / 2).expect("small")..100_000 {
            assert!(limiter.take(Client::V4(n.to_be_bytes()), now).is_err(), "{n}");
        }
    }

    #[test]
    fn an_ipv6_network_is_one_client_and_this_machine_is_one() {
        assert_eq!(client("2001:db8::1"), client("2001:db8::ffff:1"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
        assert_eq!(client("::ffff:10.0.0.1"), client("10.0.0.1"));
        for here in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(client(here), Client::Loopback);
        }
    }
}
