#include "base/duration_flag.h"
#include "http/sections.h"
#include "view/operation.h"

namespace graft::http {
namespace {

void AddEvents(const v1::Operation& operation, Html& html) {
  const std::vector<view::Event> events = view::EventsOf(operation);
  if (events.empty()) return;
  html.Raw("<ul>");
  for (const view::Event& event : events) {
    if (event.tone == view::Tone::kBad) {
      html.Raw("<li class=\"error\"><b>");
    } else {
      html.Raw("<li><b>");
    }
    html.Text(event.what).Raw("</b> ").Text(event.details).Raw("</li>");
  }
  html.Raw("</ul>");
}

void AddSteps(const v1::Operation& operation, absl::Time now, Html& html) {
  if (operation.times().empty()) return;
  html.Raw(
      "<table class=\"steps\"><caption>Steps</caption><thead><tr><th scope=\"col\">Step"
      "<th scope=\"col\">Began<th scope=\"col\" class=\"number\">Took</tr></thead><tbody>");
  for (const view::StepView& step : view::StepsOf(operation, now)) {
    html.Raw("<tr><th scope=\"row\">")
        .Text(step.name)
        .Raw("</th><td>")
        .Text(step.started)
        .Raw("</td><td class=\"number\">")
        .Text(HumanDuration(step.took))
        .Raw("</td></tr>");
  }
  html.Raw("</tbody></table>");
}

}  // namespace

void AddStory(const v1::Operation& operation, absl::Time now, Html& html) {
  html.Raw("<div class=\"story\">");
  AddError(operation, html);
  AddEvents(operation, html);
  AddSteps(operation, now, html);
  html.Raw("</div>");
}

}  // namespace graft::http
