//! The rows of the table.

use crate::support::{cost::Cost, measure::Measured};

/// What one measurement came to.
pub struct Row {
    pub measured: Measured,
    pub cost: Cost,
}

pub fn print_head() {
    println!(
        "\n| what | connections | per second | p50 ms | p99 ms | ratio | Keystead µs | PostgreSQL µs | generator µs \
         | cryptography µs | efficiency | limited by |\n|---|---|---|---|---|---|---|---|---|---|---|---|"
    );
}

/// `cryptography`: the microseconds that the cryptography of one operation takes by itself.
fn print(what: &str, connections: usize, row: &Row, cryptography: Option<f64>, ratio: &str) {
    let Row { measured: Measured { rate, p50, p99, .. }, cost } = row;
    let Cost { keystead, postgres, generator, limit } = cost;
    let (by_itself, efficiency) = match cryptography {
        Some(one) => (format!("{one:.0}"), format!("{:.2}", one / cost.servers())),
        None => (String::new(), String::new()),
    };
    println!(
        "| {what} | {connections} | {rate:.0} | {p50:.2} | {p99:.2} | {ratio} | {keystead:.0} | {postgres:.0} \
         | {generator:.0} | {by_itself} | {efficiency} | {limit} |"
    );
}

/// The rounds of one row.
#[derive(Default)]
pub struct Rows(Vec<Row>);

impl Rows {
    pub fn add(&mut self, row: Row) {
        self.0.push(row);
    }

    /// The round that cost both servers neither most nor least.
    pub fn print(mut self, what: &str, connections: usize, cryptography: Option<f64>) {
        self.0.sort_unstable_by(|one, other| one.cost.servers().total_cmp(&other.cost.servers()));
        print(what, connections, &self.0[self.0.len() / 2], cryptography, "");
    }
}

/// The same measured straight and over HTTP by turns, so that a noisy moment falls on both.
#[derive(Default)]
pub struct Pairs(Vec<(Row, Row)>);

impl Pairs {
    pub fn add(&mut self, bare: Row, over_http: Row) {
        self.0.push((bare, over_http));
    }

    /// The round whose ratio is the middle one, and the smallest and the largest ratio.
    pub fn print(mut self, bare: &str, over_http: &str, connections: usize, cryptography: f64) {
        let ratio = |(bare, over): &(Row, Row)| over.measured.rate / bare.measured.rate;
        self.0.sort_unstable_by(|one, other| ratio(one).total_cmp(&ratio(other)));
        let (least, most) = (ratio(&self.0[0]), ratio(&self.0[self.0.len() - 1]));
        let middle = &self.0[self.0.len() / 2];
        print(bare, connections, &middle.0, None, "");
        let range = format!("{:.2} ({least:.2} to {most:.2})", ratio(middle));
        print(over_http, connections, &middle.1, Some(cryptography), &range);
    }
}
