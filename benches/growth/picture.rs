//! The curve as SVG.

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
const MARGIN: f64 = 64.0;

/// Credentials (in powers of ten, to the right) and microseconds per delete (upwards, from 0).
pub fn curve(points: &[(usize, f64)]) -> String {
    let log = |credentials: usize| (credentials as f64).log10();
    let (from, to) = (log(points[0].0), log(points[points.len() - 1].0));
    let top = points.iter().map(|(_, cost)| *cost).fold(0.0, f64::max) * 1.25;
    let x = |credentials: usize| MARGIN + (log(credentials) - from) / (to - from) * (WIDTH - 2.0 * MARGIN);
    let y = |cost: f64| HEIGHT - MARGIN - cost / top * (HEIGHT - 2.0 * MARGIN);
    let (left, right, bottom) = (MARGIN, WIDTH - MARGIN, HEIGHT - MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <path d=\"M{left} {MARGIN}V{bottom}H{right}\" fill=\"none\" stroke=\"#444\"/>\n\
         <text x=\"{left}\" y=\"28\">CPU of Keystead and PostgreSQL per delete, µs, by credentials in the table</text>\n"
    );
    // The first point, and a tenth more and less: the band that is called flat.
    let first = points[0].1;
    let (high, low) = (y(first * 1.1), y(first * 0.9));
    out += &format!(
        "<rect x=\"{left}\" y=\"{high:.1}\" width=\"{}\" height=\"{:.1}\" fill=\"#e8f0e8\"/>\n",
        right - left,
        low - high
    );
    let line: Vec<String> =
        points.iter().map(|(credentials, cost)| format!("{:.1},{:.1}", x(*credentials), y(*cost))).collect();
    out += &format!("<polyline points=\"{}\" fill=\"none\" stroke=\"#165\" stroke-width=\"2\"/>\n", line.join(" "));
    for (credentials, cost) in points {
        let (x, y) = (x(*credentials), y(*cost));
        out += &format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#165\"/>\n");
        out += &format!("<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{cost:.0}</text>\n", y - 10.0);
        out += &format!("<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{credentials}</text>\n", bottom + 18.0);
    }
    out + "</svg>\n"
}
