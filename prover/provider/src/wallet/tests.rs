use super::*;
use crate::market::double::{Double, Judge, Miner};
use zera_abi::{Amount, Status};

const FUEL: u64 = 1_000;

fn wallet(chain: &Double) -> Wallet<Double> {
    let patience = Patience {
        resend_after: Duration::from_millis(40),
        pause: Duration::from_millis(2),
        pause_max: Duration::from_millis(10),
        give_up_after: Some(Duration::from_secs(5)),
        expiry_blocks: 10,
    };
    let wallet = Wallet::new(SigningKey::from_bytes(&[3; 32]), Arc::new(chain.clone()), patience);
    chain.fund(wallet.account(), 10);
    wallet
}

fn pay(units: u128) -> Action {
    Action::Transfer { to: AccountId([7; 32]), amount: Amount::from_units(units) }
}

fn chain() -> (Double, Miner) {
    let chain = Double::new(Judge::Fake, 10);
    let miner = chain.mine_every(Duration::from_millis(10));
    (chain, miner)
}

fn received(chain: &Double) -> u128 {
    chain.lock().market.account(&AccountId([7; 32])).free.units()
}

#[tokio::test]
async fn whatever_is_lost_on_the_way_money_moves_once() {
    let (chain, _miner) = chain();
    let wallet = wallet(&chain);
    for (request, response, forgotten) in [(0, 0, 0), (2, 0, 0), (0, 3, 0), (0, 0, 2), (1, 1, 1)] {
        let before = received(&chain);
        {
            let script = &mut chain.lock().script;
            script.lose_request.insert("transfer", request);
            script.lose_response.insert("transfer", response);
            script.forget.insert("transfer", forgotten);
        }
        let result = wallet.send(pay(100), FUEL).await.unwrap();
        assert!(result.is_done());
        assert_eq!(received(&chain) - before, 100, "{request} {response} {forgotten}");
    }
}

#[tokio::test]
async fn many_at_once_take_turns() {
    let (chain, _miner) = chain();
    let wallet = Arc::new(wallet(&chain));
    let mut all = tokio::task::JoinSet::new();
    for units in 1..=8 {
        let wallet = Arc::clone(&wallet);
        all.spawn(async move { wallet.send(pay(units), FUEL).await });
    }
    while let Some(done) = all.join_next().await {
        assert!(done.unwrap().unwrap().is_done());
    }
    assert_eq!(received(&chain), 36);
    assert_eq!(chain.included("transfer"), 8);
}

#[tokio::test]
async fn a_refusal_by_the_rules_is_a_result() {
    let (chain, _miner) = chain();
    let result = wallet(&chain).send(pay(u128::MAX), FUEL).await.unwrap();
    assert!(!result.is_done());
    assert_eq!((result.status.code, result.ending.as_str()), (Status::Funds.code(), "refused"));
}

#[tokio::test]
async fn an_expired_one_is_dead_and_the_next_takes_its_nonce() {
    let (chain, _miner) = chain();
    let wallet = wallet(&chain);
    chain.lock().script.forget.insert("transfer", 1_000);
    let dead = wallet.send(pay(5), FUEL).await;
    assert!(matches!(dead, Err(WalletError::Expired { .. })), "{dead:?}");
    chain.lock().script.forget.clear();
    assert!(wallet.send(pay(6), FUEL).await.unwrap().is_done());
    assert_eq!(received(&chain), 6);
}

#[tokio::test]
async fn a_nonce_used_elsewhere_supersedes() {
    let (chain, _miner) = chain();
    let (here, elsewhere) = (wallet(&chain), wallet(&chain));
    let turn = here.turn().await;
    let tx = turn.sign(pay(5), FUEL, None).await.unwrap();
    assert!(elsewhere.send(pay(6), FUEL).await.unwrap().is_done());
    let dead = turn.deliver(&tx).await;
    assert!(matches!(dead, Err(WalletError::Superseded { nonce: 0, .. })), "{dead:?}");
    assert_eq!(received(&chain), 6);
}

/// After a restart nothing is known but the bytes: delivering them again is how to ask.
#[tokio::test]
async fn delivering_again_what_has_landed_gives_its_result() {
    let (chain, _miner) = chain();
    let wallet = wallet(&chain);
    let turn = wallet.turn().await;
    let tx = turn.sign(pay(5), FUEL, None).await.unwrap();
    let first = turn.deliver(&tx).await.unwrap();
    assert_eq!(turn.deliver(&tx).await.unwrap(), first);
    drop(turn);
    assert!(wallet.send(pay(1), FUEL).await.unwrap().is_done());
    // Also when its expiry and nonce have long passed.
    let again = wallet.turn().await.deliver(&tx).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(received(&chain), 6);
}

#[tokio::test]
async fn patience_ends_with_what_may_still_happen() {
    let chain = Double::new(Judge::Fake, 10);
    let mut wallet = wallet(&chain);
    wallet.patience.give_up_after = Some(Duration::from_millis(30));
    let unsettled = wallet.send(pay(5), FUEL).await;
    assert!(matches!(unsettled, Err(WalletError::Unsettled { expiry: Height(11), .. })), "{unsettled:?}");
    chain.lock().script.offline = true;
    assert!(matches!(wallet.send(pay(5), FUEL).await, Err(WalletError::Client(error)) if error.is_transport()));
}

#[tokio::test]
async fn another_chain_is_noticed_before_signing() {
    let (chain, _miner) = chain();
    let wallet = wallet(&chain);
    assert!(wallet.send(pay(5), FUEL).await.is_ok());
    chain.move_to_chain(ChainId([1; 32]));
    assert!(matches!(wallet.send(pay(5), FUEL).await, Err(WalletError::OtherChain { .. })));
}

#[tokio::test]
async fn a_wallet_of_one_chain_signs_nothing_for_another() {
    let (chain, _miner) = chain();
    let wallet = wallet(&chain).on_chain(crate::market::double::CHAIN);
    chain.move_to_chain(ChainId([1; 32]));
    assert!(matches!(wallet.send(pay(5), FUEL).await, Err(WalletError::OtherChain { .. })));
    assert!(chain.lock().arrivals.is_empty());
}
