//! Plots as SVG, drawn by plotters.

use plotters::prelude::*;
use plotters::style::FontTransform;

use super::ReportError;
use crate::result::Series;

const SIZE: (u32, u32) = (760, 320);
/// Colours that are told apart also by those who see fewer of them (Okabe and Ito).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(213, 94, 0),
    RGBColor(86, 180, 233),
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
