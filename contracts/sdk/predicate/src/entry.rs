//! The entry.

/// Exports the predicate: `predicate! { fn predicate(public: Feed, private: Secret) -> bool { .. } }`.
///
/// The first argument is read from the start of the public input, the second, if there is one, from the start of the
/// private input; both are [`Value`](crate::Value)s. The function's name is the entry's name: `predicate`, unless the
/// manifest says another. Outside WASM the function is there too, for [`testing::run`](crate::testing::run).
#[macro_export]
macro_rules! predicate {
    ($(#[$about:meta])* fn $entry:ident($public:ident : $Public:ty $(,)?) -> bool $body:block) => {
        $crate::predicate! { $(#[$about])* fn $entry($public: $Public, _private: ()) -> bool $body }
    };
    ($(#[$about:meta])* fn $entry:ident(
        $public:ident : $Public:ty, $private:ident : $Private:ty $(,)?
    ) -> bool $body:block) => {
        #[inline(always)]
        fn answer($public: $Public, $private: $Private) -> bool $body

        $(#[$about])*
        #[cfg(target_arch = "wasm32")]
        #[no_mangle]
        pub extern "C" fn $entry() -> i32 {
            answer($crate::Public::at(0), $crate::Private::at(0)) as i32
        }

        $(#[$about])*
        #[cfg(not(target_arch = "wasm32"))]
        pub fn $entry() -> i32 {
            answer($crate::Public::at(0), $crate::Private::at(0)) as i32
        }
    };
}
