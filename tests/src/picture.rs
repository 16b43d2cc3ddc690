//! Pictures of figures, as SVG for light and dark pages: small files that a person can read.

use std::fmt::Write;

use serde::Deserialize;

/// Colours and letters. A page that shows the picture as an image passes its colour scheme on.
const STYLE: &str = "\
  <style>
    text { font: 13px sans-serif; fill: #1f2328 }
    .page { fill: #fff }
    .title { font-weight: bold }
    .note { fill: #6e7781 }
    .axis, .now { stroke: #afb8c1 }
    .now { stroke-dasharray: 4 }
    .ours { fill: #0969da }
    .peer { fill: #bc4c00 }
    polyline.ours { fill: none; stroke: #0969da; stroke-width: 2 }
    polyline.peer { fill: none; stroke: #bc4c00; stroke-width: 2 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .page { fill: #0d1117 }
      .note { fill: #8d96a0 }
      .axis, .now { stroke: #484f58 }
      .ours { fill: #58a6ff }
      .peer { fill: #f0883e }
      polyline.ours { stroke: #58a6ff }
      polyline.peer { stroke: #f0883e }
    }
  </style>
";

const WIDTH: u32 = 760;

/// A picture that grows from top to bottom.
struct Picture {
    text: String,
}

impl Picture {
    fn new(height: u32, title: &str) -> Self {
        let mut picture = Self { text: String::new() };
        picture.add(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n  <title>{title}</title>\n\
             {STYLE}  <rect width=\"{WIDTH}\" height=\"{height}\" class=\"page\"/>"
        ));
        picture
    }

    fn add(&mut self, what: std::fmt::Arguments<'_>) {
        // A String takes everything.
        let _ = writeln!(self.text, "{what}");
    }

    fn words(&mut self, x: u32, y: u32, class: &str, words: impl std::fmt::Display) {
        self.add(format_args!(
            "  <text x=\"{x}\" y=\"{y}\" class=\"{class}\">{words}</text>"
        ));
    }

    /// Words that end at x.
    fn words_to(&mut self, x: u32, y: u32, words: impl std::fmt::Display) {
        self.add(format_args!(
            "  <text x=\"{x}\" y=\"{y}\" class=\"note\" text-anchor=\"end\">{words}</text>"
        ));
    }

    fn line(&mut self, class: &str, from: (u32, u32), to: (u32, u32)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.add(format_args!(
            "  <line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" class=\"{class}\"/>"
        ));
    }

    fn end(mut self) -> String {
        self.add(format_args!("</svg>"));
        self.text
    }
}

/// The course of a storm, as `nbft-connect/src/run/storm` writes it.
#[derive(Debug, Deserialize)]
pub struct Course {
    /// How the hosts retry.
    pub retry: String,
    /// Seconds until the target comes up.
    pub late: usize,
    /// Connects that the target carries out in a second.
    pub rate: u32,
    /// Connections that may wait to be accepted.
    pub waiting: usize,
    /// Connections that the target serves at a time.
    pub served: usize,
    /// Hosts.
    pub hosts: u32,
    /// Hosts that came up.
    pub up: usize,
    /// Seconds until half of the hosts are up.
    pub half: Option<f64>,
    /// Seconds until all hosts are up.
    pub last: Option<f64>,
    /// TCP connections.
    pub connections: usize,
    /// The most TCP connections in a tenth of a second.
    pub densest: usize,
    /// Connects that the target carried out.
    pub connects: usize,
    /// Those of hosts that had given up.
    pub wasted: usize,
    up_in_second: Vec<u32>,
    connections_in_second: Vec<u32>,
}

/// Two ways to retry, side by side: hosts that are up, and connections.
///
/// # Errors
/// No host comes up.
pub fn storm(ours: &Course, peer: &Course) -> Result<String, String> {
    let last = |course: &Course| {
        course
            .last
            .ok_or_else(|| format!("{}: not all hosts come up", course.retry))
    };
    let seconds = (last(ours)?.max(last(peer)?) / 10.0).ceil() as u32 * 10;
    let (left, right) = (70, WIDTH - 20);
    let x = |second: usize| left + (right - left) * second as u32 / seconds;
    let mut picture = Picture::new(430, "A storm of hosts against a target that is late and slow");
    picture.words(
        left,
        24,
        "title",
        format_args!(
            "{} hosts; the target is {} s late and takes {} Connects a second",
            ours.hosts, ours.late, ours.rate
        ),
    );
    picture.words(left, 46, "ours", "nbft-connect --stay");
    picture.words(left + 150, 46, "peer", "the kernel alone, every 5 s");
    let total = |course: &Course| -> Vec<u32> {
        let add = |sum: &mut u32, more: &u32| {
            *sum += more;
            Some(*sum)
        };
        course.up_in_second.iter().scan(0, add).collect()
    };
    let opened = |course: &Course| course.connections_in_second.clone();
    let most = [ours, peer]
        .into_iter()
        .flat_map(opened)
        .max()
        .unwrap_or(1)
        .div_ceil(100)
        * 100;
    let panels = [
        ("hosts that are up", 230, 150, ours.hosts, [total(peer), total(ours)]),
        (
            "new TCP connections a second",
            390,
            110,
            most,
            [opened(peer), opened(ours)],
        ),
    ];
    for (title, bottom, height, top, courses) in panels {
        picture.words(left, bottom - height - 8, "note", title);
        picture.line("axis", (left, bottom), (right, bottom));
        picture.line("axis", (left, bottom - height), (left, bottom));
        picture.words_to(left - 8, bottom - height + 5, top);
        picture.words_to(left - 8, bottom + 5, 0);
        picture.line("now", (x(ours.late), bottom - height), (x(ours.late), bottom));
        for (class, course) in ["peer", "ours"].into_iter().zip(courses) {
            let points: Vec<_> = course
                .iter()
                .enumerate()
                .take(seconds as usize + 1)
                .map(|(second, value)| format!("{},{}", x(second), bottom - height * value / top))
                .collect();
            picture.add(format_args!(
                "  <polyline class=\"{class}\" points=\"{}\"/>",
                points.join(" ")
            ));
        }
    }
    for second in (0..=seconds as usize).step_by(10) {
        picture.words_to(x(second) + 8, 408, second);
    }
    picture.words_to(right, 424, "seconds");
    Ok(picture.end())
}

/// Bars: seconds to the disk by the kind of its first path; lines `KIND OURS PEER`, others are passed over.
pub fn dead_paths(table: &str) -> String {
    let rows: Vec<(&str, f64, f64)> = table
        .lines()
        .filter_map(|line| match *line.split_whitespace().collect::<Vec<_>>() {
            [kind, ours, peer] => Some((kind, ours.parse().ok()?, peer.parse().ok()?)),
            _ => None,
        })
        .collect();
    let longest = rows.iter().map(|row| row.1.max(row.2)).fold(1.0, f64::max);
    let (left, right) = (200, WIDTH - 70);
    let mut picture = Picture::new(
        70 + 46 * rows.len() as u32,
        "Seconds until a disk appears whose first path is dead",
    );
    picture.words(
        20,
        24,
        "title",
        "Seconds until the disk appears, whose second path is healthy",
    );
    picture.words(20, 46, "ours", "nbft-connect");
    picture.words(120, 46, "peer", "nvme connect-all --nbft");
    for (place, (kind, ours, peer)) in rows.into_iter().enumerate() {
        let y = 64 + 46 * place as u32;
        let words = match kind {
            "none" => "first path healthy",
            "refusing" => "first path refuses TCP",
            "dropping" => "first path drops packets",
            "silent" => "first path silent after TCP",
            "hanging" => "first path hangs at Connect",
            other => other,
        };
        picture.words_to(left - 10, y + 21, words);
        for (class, y, time) in [("ours", y, ours), ("peer", y + 17, peer)] {
            let width = (f64::from(right - left) * time / longest).ceil().max(1.0) as u32;
            picture.add(format_args!(
                "  <rect class=\"{class}\" x=\"{left}\" y=\"{y}\" width=\"{width}\" height=\"14\"/>"
            ));
            picture.words(left + width + 6, y + 12, class, format_args!("{time:.1}"));
        }
    }
    picture.end()
}

/// Storms as a table in Markdown: a row for each target, a column for each retry.
pub fn storms(courses: &[Course]) -> String {
    let mut text = String::new();
    for of_one_target in courses.chunk_by(|one, other| (one.rate, one.served) == (other.rate, other.served)) {
        let [first, ..] = of_one_target else { continue };
        let cells = |cell: fn(&Course) -> String| of_one_target.iter().map(cell).collect::<Vec<_>>().join(" | ");
        if text.is_empty() {
            let _ = writeln!(
                text,
                "| Connects a second | served at a time | {} |",
                cells(|course| course.retry.clone())
            );
            let _ = writeln!(text, "|---:|---:|{}", "---:|".repeat(of_one_target.len()));
        }
        let served = if first.served < first.hosts as usize {
            format!("{}, {} more wait", first.served, first.waiting)
        } else {
            "all".to_owned()
        };
        let _ = writeln!(text, "| {} | {served} | {} |", first.rate, cells(course_in_words));
    }
    text
}

fn course_in_words(course: &Course) -> String {
    let last = match course.last {
        Some(last) => format!("{last:.0} s"),
        None => format!("{} hosts never", course.hosts as usize - course.up),
    };
    let in_vain = match course.wasted {
        0 => String::new(),
        wasted => format!(", {wasted} in vain"),
    };
    format!("{last}: {}{in_vain}", course.connects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_show_their_figures() {
        let picture = dead_paths("first-path ours peer\nnone 0.20 0.17\nhanging 0.1 61.26\npeer: nvme version 3.1\n");
        assert_eq!(picture.matches("<rect class").count(), 4, "{picture}");
        assert!(
            picture.contains(">61.3</text>") && picture.contains("hangs at Connect"),
            "{picture}"
        );
        let course = |retry: &str| {
            let json = format!(
                r#"{{"retry": "{retry}", "late": 1, "rate": 2, "waiting": 1, "served": 1, "hosts": 2, "up": 2, "half": 1.5, "last": 2.0,
                "connections": 4, "densest": 1, "connects": 4, "wasted": 0, "up_in_second": [0, 1, 1], "connections_in_second": [2, 1, 1]}}"#
            );
            serde_json::from_str::<Course>(&json).unwrap()
        };
        let picture = storm(&course("ours"), &course("peer")).unwrap();
        assert_eq!(picture.matches("<polyline").count(), 4, "{picture}");
        let table = storms(&[course("ours"), course("theirs")]);
        assert!(table.ends_with("| 2 | 1, 1 more wait | 2 s: 4 | 2 s: 4 |\n"), "{table}");
    }
}
