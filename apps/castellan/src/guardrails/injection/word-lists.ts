/** Ways to say the same, for phrases of cues: alternatives between `/`, several words joined by `_`. */
export const wordLists: Readonly<Record<string, string>> = {
  forget:
    'ignore/disregard/forget/neglect/override/overrule/cancel/discard/drop/erase/delete/abandon/suspend/skip/nullify/dismiss/bypass/' +
    'ignoring/disregarding/forgetting/overriding/pay_no_attention_to/do_not_follow/dont_follow/not_obey/stop_following/throw_away/' +
    'set_aside/put_aside/get_rid_of/igmore/ingore/ignor/no_longer_follow/wont_follow/unlearn/screw/void',
  earlier:
    'previous/prior/above/preceding/earlier/original/initial/existing/former/foregoing/previously/previus/previos/ealier/before/system',
  orders:
    'instructions/instruction/instructons/directions/directives/directive/rules/rule/guidelines/guideline/prompt/prompts/commands/' +
    'constraints/programming/restrictions/policies/policy/safeguards/guardrails/conditioning/training/orders',
  limits:
    'restrictions/restriction/limits/limitations/filter/filters/censorship/guidelines/guardrails/constraints/moderation/safeguards/' +
    'rules/policies/policy/boundaries/inhibitions/taboos/content_policy/content_policies/safety',
  scruples:
    'morals/morality/moral/ethics/ethic/conscience/scruples/remorse/qualms/shame/law/laws/legality/moral_compass/compass/principles/hesitation/taboo/tabus',
  boundless:
    'uncensored/unfiltered/unrestricted/unmoderated/unaligned/unhinged/amoral/unshackled/unbound/unchained/jailbroken/limitless/' +
    'unscrupulous/lawless/uncut/unethical/immoral/rebellious/unregulated/unredacted',
  assistant:
    'ai/ais/llm/llms/assistant/assistants/chatbot/chatbots/bot/bots/copilot/chatgpt/gpt/claude/gemini/bing/bard/' +
    'language_model/language_models/ai_model/ai_models/ai_agent/ai_agents/agents/agent/openai/anthropic/gpt4/model',
  not: 'not/never/dont/doesnt/wont/cant/cannot/mustnt/neither/nor/without/no/shouldnt/wouldnt/didnt/nothing/isnt/arent/aint/unable_to/zero',
  must: 'must/will/shall/should/have_to/has_to/need_to/needs_to/ought_to/always/going_to/required_to/obliged_to/supposed_to',
  anything: 'anything/everything/any/every/all/whatever/each',
  wicked:
    'illegal/unethical/immoral/unlawful/harmful/dangerous/nsfw/explicit/taboo/forbidden/prohibited/offensive/controversial/illicit/' +
    'inappropriate/legal/moral/ethical/bad/evil/wrong/decent/legality/ethics/morality/law/laws/violent/sexual/disallowed/banned',
  show:
    'reveal/print/show/repeat/output/display/tell/give/share/return/echo/paste/write/list/disclose/leak/dump/expose/recite/summarize/' +
    'summarise/translate/copy/spell/provide/send/convert/encode/state/quote/include/hand_over/type_out/post/' +
    'reproduce/publish/restore/read_out',
  thePrompt:
    'system_prompt/system_prompts/system_message/system_instructions/initial_prompt/original_prompt/hidden_prompt/secret_prompt/' +
    'hidden_instructions/secret_instructions/initial_instructions/original_instructions/developer_message/developer_instructions/' +
    'initialization_text/pre_prompt/preprompt/first_prompt/full_prompt/prompt/instructions/secret_settings/hidden_rules/context_window/' +
    'confidential_instructions/internal_instructions/secret_password/system_instruction',
  person: 'user/users/human/humans/operator/anyone/anybody/developer/customer/owner/him/her/them',
  secrets:
    'password/passwords/credentials/api_key/api_keys/keys/token/tokens/secret/secrets/conversation/chat_history/contacts/contact_list/' +
    'inbox/mailbox/mails/emails/id_rsa/ssh/env/environment/personal_details/personal_data/' +
    'one_time_code/credit_card/database/users_table/chat/username/user_data/thread',
  mode:
    'developer/dev/debug/god/jailbreak/jailbroken/dan/unrestricted/maintenance/admin/sudo/root/unfiltered/engineer/uncensored/freedom/' +
    'liberty/evil/chaos/raw/omega/privileged/diagnostic/free/no_filter/unsafe/opposite/anarchy/unlocked',
  say: 'say/says/saying/write/writes/respond/reply/answer/use/tell/output/mention/include/start',
}
