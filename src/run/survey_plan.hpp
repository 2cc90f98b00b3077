// A survey as what the prober asks.
#pragma once

#include "run/prober.hpp"

namespace bothends::run {

/// The survey must outlive it.
class SurveyPlan final : public Plan {
 public:
  explicit SurveyPlan(policy::Survey& survey) : survey_(survey) {}
  std::vector<policy::Survey::Numbered> next(std::size_t room) override { return survey_.next(room); }
  void absorb(std::size_t number, policy::Answer answer) override { survey_.absorb(number, std::move(answer)); }
  bool done() const override { return survey_.done(); }
  void give_up(std::string_view reason) override { survey_.give_up(reason); }

 private:
  policy::Survey& survey_;
};

}  // namespace bothends::run
