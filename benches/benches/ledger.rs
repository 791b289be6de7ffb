//! One durable commit of a block's rows, beside redb as it comes, and memory.

use std::path::Path;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use redb::{Database, ReadableDatabase, TableDefinition};
use zera_benches::pair;
use zera_benches::workload::rows::{Blocks, ROWS};
use zera_ledger::Ledger;
use zera_market::ports::{Change, MemStore, Store, Table};

/// redb with its defaults: every commit is synced; no second phase, no quick repair.
struct Plain(Database);

impl Plain {
    fn create(path: &Path) -> Plain {
        Plain(Database::create(path).expect("created"))
    }

    fn commit(&self, changes: &[Change]) -> Result<(), redb::Error> {
        let transaction = self.0.begin_write()?;
        for table in Table::ALL {
            let mut mine = changes.iter().filter(|change| change.table == *table).peekable();
            if mine.peek().is_none() {
                continue;
            }
            let mut rows = transaction.open_table(definition(*table))?;
            for Change { key, value, .. } in mine {
                match value {
                    Some(value) => rows.insert(key.as_slice(), value.as_slice())?,
                    None => rows.remove(key.as_slice())?,
                };
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn read(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, redb::Error> {
        let rows = self.0.begin_read()?.open_table(definition(table))?;
        Ok(rows.get(key)?.map(|value| value.value().to_vec()))
    }
}

fn definition(table: Table) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(table.name())
}

fn commits(criterion: &mut Criterion) {
    // Beside the build, on a disk: the system's folder for temporary files may be memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let ledger = Ledger::open(folder.path().join("ledger")).expect("a ledger");
    let plain = Plain::create(&folder.path().join("plain"));
    let memory = MemStore::default();
    let mut blocks = Blocks::default();

    let first = blocks.next_block();
    ledger.commit(&first).expect("committed");
    plain.commit(&first).expect("committed");
    memory.commit(&first).expect("committed");
    // Where a block writes a row twice, the last value stands, so memory says what each row is.
    for Change { table, key, .. } in &first {
        let expected = memory.read(*table, key).expect("read");
        assert!(expected.is_some());
        assert_eq!(ledger.read(*table, key).expect("read"), expected);
        assert_eq!(plain.read(*table, key).expect("read"), expected);
    }

    let mut group = criterion.benchmark_group("ledger::commit");
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(ROWS as u64));
    let name = |store: &str| format!("rows={ROWS} store={store}");
    pair(
        &mut group,
        || blocks.next_block(),
        (&name("ledger"), |rows: &Vec<Change>| ledger.commit(rows).expect("committed")),
        (&name("redb"), |rows: &Vec<Change>| plain.commit(rows).expect("committed")),
    );
    group.bench_function(name("memory"), |bench| {
        bench.iter_batched(
            || blocks.next_block(),
            |rows| memory.commit(&rows).expect("committed"),
            criterion::BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group! { name = benches; config = zera_benches::workload::criterion(); targets = commits }
criterion_main!(benches);
