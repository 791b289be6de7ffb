//! Flame graphs: stacks of names with counts, as a picture.
//!
//! One SVG file without scripts, fonts or links; what a box is stands in its `title`, which a browser shows under the
//! pointer. All positions are integers computed from the counts, so equal stacks give equal bytes.

use std::collections::BTreeMap;

use zera_figure::escaped;

/// Width of the picture, in its own units: 100 a pixel.
const WIDTH: u64 = 120_000;
/// Height of a box.
const BOX: u64 = 1_800;
/// Above and beneath the boxes.
const MARGIN: u64 = 3_000;
/// Boxes narrower than this are left out, with all above them.
const NARROWEST: u64 = 20;
/// What a letter takes.
const LETTER: u64 = 720;

/// A name's own stacks.
#[derive(Debug, Default)]
struct Frame<'a> {
    count: u64,
    above: BTreeMap<&'a str, Frame<'a>>,
}

/// The picture of these stacks, each outermost name first, with its count; the outermost boxes are the lowest.
pub fn svg<'a>(title: &str, unit: &str, stacks: impl IntoIterator<Item = (&'a [String], u64)>) -> String {
    let mut root = Frame::default();
    for (stack, count) in stacks {
        root.count += count;
        let mut frame = &mut root;
        for name in stack {
            frame = frame.above.entry(name).or_default();
            frame.count += count;
        }
    }
    let mut picture = Picture { boxes: String::new(), total: root.count.max(1), unit };
    let depth = depth(&root);
    let height = 2 * MARGIN + depth * BOX;
    picture.draw("all", &root, 0, height - MARGIN - BOX);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {WIDTH} {height}\">\n<style>text{{font:1150px monospace}}rect{{stroke:#fff;stroke-width:40}}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n<text x=\"600\" y=\"1900\">{}</text>\n{}</svg>\n",
        WIDTH / 100,
        height / 100,
        escaped(title),
        picture.boxes,
    )
}

/// Boxes one above the other, the root's included.
fn depth(frame: &Frame<'_>) -> u64 {
    1 + frame.above.values().map(depth).max().unwrap_or(0)
}

struct Picture<'a> {
    boxes: String,
    total: u64,
    unit: &'a str,
}

impl Picture<'_> {
    /// Draws a frame whose stacks start at count `start`, and all above it.
    fn draw(&mut self, name: &str, frame: &Frame<'_>, start: u64, y: u64) {
        let at = |count: u64| (u128::from(count) * u128::from(WIDTH) / u128::from(self.total)) as u64;
        let (x, width) = (at(start), at(start + frame.count) - at(start));
        if width < NARROWEST {
            return;
        }
        let thousandths = u128::from(frame.count) * 1000 / u128::from(self.total);
        let share = format!("{}.{}%", thousandths / 10, thousandths % 10);
        self.boxes.push_str(&format!(
            "<g><title>{}: {} {} ({share})</title><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BOX}\" \
             fill=\"{}\"/>",
            escaped(name),
            frame.count,
            self.unit,
            colour(name),
        ));
        let letters = (width.saturating_sub(LETTER) / LETTER) as usize;
        if letters >= 3 {
            let shown: String = match name.chars().count() {
                count if count <= letters => name.to_owned(),
                _ => name.chars().take(letters - 2).chain("..".chars()).collect(),
            };
            let (x, y) = (x + LETTER / 2, y + 1_300);
            self.boxes.push_str(&format!("<text x=\"{x}\" y=\"{y}\">{}</text>", escaped(&shown)));
        }
        self.boxes.push_str("</g>\n");
        let mut start = start;
        for (name, above) in &frame.above {
            self.draw(name, above, start, y - BOX);
            start += above.count;
        }
    }
}

/// A warm colour that is always the same for a name (FNV-1a).
fn colour(name: &str) -> String {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("#{:02x}{:02x}{:02x}", 205 + (hash >> 16) % 50, 110 + (hash >> 32) % 100, 60 + (hash >> 48) % 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stacks(stacks: &[(&[&str], u64)]) -> Vec<(Vec<String>, u64)> {
        stacks.iter().map(|(names, count)| (names.iter().map(|&name| name.to_owned()).collect(), *count)).collect()
    }

    fn picture(stacks: &[(Vec<String>, u64)]) -> String {
        svg("rows of p", "rows", stacks.iter().map(|(stack, count)| (stack.as_slice(), *count)))
    }

    /// `x` and `width` of the box with this title.
    fn place(svg: &str, title: &str) -> Option<(u64, u64)> {
        let rest = svg.split(&format!("<title>{title}</title><rect x=\"")).nth(1)?;
        let numbers: Vec<u64> = rest.split('"').step_by(2).take(3).filter_map(|n| n.parse().ok()).collect();
        Some((numbers[0], numbers[2]))
    }

    #[test]
    fn widths_are_shares_and_boxes_stand_on_their_callers() {
        let svg = picture(&stacks(&[(&["f", "g"], 3), (&["f", "h"], 1), (&["k"], 4)]));
        assert_eq!(place(&svg, "all: 8 rows (100.0%)"), Some((0, 120_000)));
        assert_eq!(place(&svg, "f: 4 rows (50.0%)"), Some((0, 60_000)));
        assert_eq!(place(&svg, "g: 3 rows (37.5%)"), Some((0, 45_000)));
        assert_eq!(place(&svg, "h: 1 rows (12.5%)"), Some((45_000, 15_000)));
        assert_eq!(place(&svg, "k: 4 rows (50.0%)"), Some((60_000, 60_000)));
    }

    #[test]
    fn the_order_of_stacks_does_not_matter() {
        let mut given = stacks(&[(&["f", "g"], 3), (&["f", "h"], 1), (&["k"], 4), (&["f", "g"], 2)]);
        let one = picture(&given);
        given.reverse();
        assert_eq!(picture(&given), one);
    }

    #[test]
    fn names_are_text_and_nothing_else() {
        let name = "<script>alert(\"1\" & '2')</script>\u{1}";
        let svg = picture(&stacks(&[(&[name], 1)]));
        assert!(svg.contains("&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;?"), "{svg}");
        assert!(!svg.contains("<script") && !svg.chars().any(|c| c.is_control() && c != '\n'));
    }

    #[test]
    fn nothing_to_draw_is_an_empty_picture() {
        let svg = picture(&[]);
        assert!(svg.starts_with("<?xml") && svg.ends_with("</svg>\n") && !svg.contains("<g>"));
        assert!(!picture(&stacks(&[(&["f"], 1_000_000), (&["g"], 1)])).contains("g:"), "too narrow");
    }
}
