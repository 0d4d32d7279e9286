//! Plots as SVG, drawn by plotters.

use plotters::prelude::*;
use plotters::style::FontTransform;

use super::{ReportError, thousands};
use crate::growth::{Curve, Point};
use crate::result::Series;
use crate::soak::Soak;

const SIZE: (u32, u32) = (760, 320);
/// Colours that are told apart also by those who see fewer of them (Okabe and Ito).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(213, 94, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];

/// Bars: answers a second of each series.
pub(super) fn rates(series: &[&Series]) -> Result<String, ReportError> {
    let bars: Vec<(String, f64)> = series.iter().map(|series| (label(series), series.per_second())).collect();
    draw("requests/s, saturated", &bars)
}

/// Bars: the time within which 99 of 100 answers came, paced.
pub(super) fn times(series: &[&Series]) -> Result<String, ReportError> {
    let bars: Vec<(String, f64)> =
        series.iter().map(|series| (label(series), series.time(|round| round.p99))).collect();
    draw("p99 in µs, paced", &bars)
}

/// Lines: a figure of every target over something that grows, which is drawn on a logarithmic axis.
pub(super) fn curves(
    title: &str,
    over: &str,
    curves: &[&Curve],
    figure: impl Fn(&Point) -> f64,
) -> Result<String, ReportError> {
    let lines = curves.iter().map(|curve| Line {
        name: curve.target.clone(),
        // Zero has no place on such an axis; it is drawn at one.
        points: curve.points.iter().map(|point| (point.at.max(1.0).log2(), figure(point))).collect(),
    });
    lines_of(title, over, &|at: &f64| thousands(at.exp2()), &lines.collect::<Vec<_>>())
}

/// Lines: resident memory of every server over time.
pub(super) fn memory(soaks: &[Soak]) -> Result<String, ReportError> {
    let lines = soaks.iter().map(|soak| Line {
        name: soak.target.clone(),
        points: soak
            .samples
            .iter()
            .map(|sample| (sample.seconds / 60.0, sample.rss / f64::from(1 << 20)))
            .collect(),
    });
    lines_of("RSS in MiB", "minutes", &|at: &f64| format!("{at:.1}"), &lines.collect::<Vec<_>>())
}

/// One target's line.
struct Line {
    name: String,
    points: Vec<(f64, f64)>,
}

fn lines_of(
    title: &str,
    over: &str,
    label: &dyn Fn(&f64) -> String,
    lines: &[Line],
) -> Result<String, ReportError> {
    let mut svg = String::new();
    let failed = |error: &dyn std::fmt::Display| ReportError::Plot(error.to_string());
    let points = || lines.iter().flat_map(|line| &line.points);
    let least = points().map(|(at, _)| *at).fold(f64::MAX, f64::min);
    let most = points().map(|(at, _)| *at).fold(f64::MIN, f64::max);
    // An axis needs some length, whatever there is to be drawn on it.
    let (least, most) = if least < most { (least, most) } else { (0.0, least.clamp(1.0, 64.0)) };
    let highest = points().map(|(_, value)| *value).fold(f64::EPSILON, f64::max) * 1.1;
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(|error| failed(&error))?;
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 16))
            .margin(10)
            .set_label_area_size(LabelAreaPosition::Left, 60)
            .set_label_area_size(LabelAreaPosition::Bottom, 40)
            .build_cartesian_2d(least..most, 0.0..highest)
            .map_err(|error| failed(&error))?;
        chart
            .configure_mesh()
            .x_desc(over)
            .x_label_formatter(label)
            .draw()
            .map_err(|error| failed(&error))?;
        for (line, colour) in lines.iter().zip(COLOURS.iter().cycle()) {
            let drawn = LineSeries::new(line.points.iter().copied(), colour.stroke_width(2));
            let (name, colour) = (line.name.as_str(), *colour);
            chart
                .draw_series(drawn)
                .map_err(|error| failed(&error))?
                .label(name)
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], colour.stroke_width(2)));
        }
        chart
            .configure_series_labels()
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .position(SeriesLabelPosition::UpperLeft)
            .draw()
            .map_err(|error| failed(&error))?;
        area.present().map_err(|error| failed(&error))?;
    }
    Ok(svg)
}

fn label(series: &Series) -> String {
    format!("{} ×{}", series.target, series.connections)
}

fn draw(title: &str, bars: &[(String, f64)]) -> Result<String, ReportError> {
    let mut svg = String::new();
    let failed = |error: &dyn std::fmt::Display| ReportError::Plot(error.to_string());
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(|error| failed(&error))?;
        let most = bars.iter().map(|(_, value)| *value).fold(1.0, f64::max) * 1.1;
        let count = i32::try_from(bars.len()).unwrap_or(i32::MAX).max(1);
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 16))
            .margin(10)
            .set_label_area_size(LabelAreaPosition::Left, 60)
            .set_label_area_size(LabelAreaPosition::Bottom, 70)
            .build_cartesian_2d((0..count).into_segmented(), 0.0..most)
            .map_err(|error| failed(&error))?;
        let name_of = |at: &SegmentValue<i32>| match at {
            SegmentValue::CenterOf(index) => usize::try_from(*index)
                .ok()
                .and_then(|index| bars.get(index))
                .map_or_else(String::new, |(name, _)| name.clone()),
            _ => String::new(),
        };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(bars.len())
            .x_label_formatter(&name_of)
            .x_label_style(("sans-serif", 11).into_font().transform(FontTransform::None))
            .draw()
            .map_err(|error| failed(&error))?;
        let columns =
            (0..count).zip(bars).zip(COLOURS.iter().cycle()).map(|((index, (_, value)), colour)| {
                let corners = [(SegmentValue::Exact(index), 0.0), (SegmentValue::Exact(index + 1), *value)];
                let mut column = Rectangle::new(corners, colour.filled());
                column.set_margin(0, 0, 8, 8);
                column
            });
        chart.draw_series(columns).map_err(|error| failed(&error))?;
        area.present().map_err(|error| failed(&error))?;
    }
    Ok(svg)
}
